import { MissingPackageError } from "../../errors.ts";

/** Is the client library, as far as it is used here. */
export type Ws = Pick<typeof import("ws"), "WebSocket" | "WebSocketServer">;

/** Loads the client library when it is first needed; `subject` begins the error where it is not installed. */
export async function loadWs(subject: string): Promise<Ws> {
  try {
    return await import("ws");
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new MissingPackageError("ws", subject, { cause: error });
  }
}
