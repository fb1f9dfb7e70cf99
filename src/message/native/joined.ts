import { isHeader } from "./prelude.ts";

/** Gives the one body of a wire message for transports without frames: header and payload, without the topic. */
export function joined(frames: readonly Uint8Array[]): Uint8Array {
  const from = frames.length > 1 && !isHeader(frames[0] as Uint8Array) ? 1 : 0;
  return frames.length - from === 1 ? (frames[from] as Uint8Array) : Buffer.concat(frames.slice(from));
}
