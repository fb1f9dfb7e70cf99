import type { Request } from "zeromq";
import { LibzmqEnds } from "./libzmq-ends.ts";
import type { AskingSocket } from "./socket.ts";

/** Asks by a REQ of libzmq. */
export class LibzmqAsking extends LibzmqEnds<Request> implements AskingSocket {
  async ask(question: readonly Uint8Array[], timeoutMs: number): Promise<Uint8Array[] | undefined> {
    try {
      await this.native.send(question as Uint8Array[]);
      this.native.receiveTimeout = timeoutMs > 0 ? timeoutMs : -1;
      return await this.native.receive();
    } catch (error) {
      // Closed meanwhile, or out of time; anything else is told.
      if (this.closed || (error as { code?: unknown }).code === "EAGAIN") return undefined;
      throw error;
    }
  }
}
