import { isHeader } from "./prelude.ts";

/** Gives the one body of a wire message for transports without frames: header and payload, without the topic. */
export function joined(frames: readonly Uint8Array[]): Uint8Array {
  const pieces = bodyPieces(frames);
  return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
}

/** Gives the pieces of that body as they are, for whoever can send them one after the other without copying. */
export function bodyPieces(frames: readonly Uint8Array[]): readonly Uint8Array[] {
  return frames.length > 1 && !isHeader(frames[0] as Uint8Array) ? frames.slice(1) : frames;
}
