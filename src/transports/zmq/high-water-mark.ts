import type { SocketSettings } from "./socket.ts";

/**
 * Makes a number of messages of a bound in bytes, as libzmq wants it. It stays as it is for the life of a socket: a mark
 * that sinks below half of what it was stops a connection for good, since the other end of the queue still reports
 * progress in steps of the old one.
 */
export function highWaterMark({ maxBytes, messageBytes }: Pick<SocketSettings, "maxBytes" | "messageBytes">): number {
  return Math.max(2, Math.floor(maxBytes / messageBytes));
}
