import { Socket } from "node:net";
import type { ReadSpace } from "./read-space.ts";

/** What a handle has to have for reads to be led elsewhere. */
interface Handle {
  readonly useUserBuffer: unknown;
  readonly readStart: unknown;
  readonly readStop: unknown;
}

/**
 * Gives a socket for a connection that was accepted paused, which reads to where a space says. Node offers this only for
 * sockets that connect; so the handle is put into a new socket, as Node itself does for those. Where it is not what it is
 * expected to be, undefined: then the socket's own events serve, a third slower with frames of 1 MB and more.
 */
export function readingInPlace(accepted: Socket, space: ReadSpace): Socket | undefined {
  const inside = accepted as unknown as { _handle?: unknown };
  const handle = inside._handle;
  if (!isHandle(handle) || accepted.bytesRead > 0 || accepted.destroyed) return undefined;
  const options = { handle, allowHalfOpen: false, onread: space.onread };
  try {
    const socket = new Socket(options as ConstructorParameters<typeof Socket>[0]);
    // The first socket has nothing left to close; it only tells the server that it is gone.
    inside._handle = null;
    accepted.destroy();
    return socket;
  } catch {
    return undefined;
  }
}

function isHandle(handle: unknown): handle is Handle {
  const { useUserBuffer, readStart, readStop } = (handle ?? {}) as Partial<Handle>;
  return [useUserBuffer, readStart, readStop].every((one) => typeof one === "function");
}
