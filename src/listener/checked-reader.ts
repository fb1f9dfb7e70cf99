import { RejectedError, text } from "../errors.ts";
import type { Codec, Decoded } from "../message/codec.ts";
import type { Limits } from "../message/limits.ts";

/** Makes a reader that checks the sizes first and gives back, instead of throwing, why a message is refused. */
export function checkedReader(
  codec: Codec,
  limits: Limits,
): (frames: readonly Uint8Array[]) => readonly Decoded[] | RejectedError {
  const read = codec.reader(limits);
  return (frames) => {
    try {
      checkSize(frames, limits);
      return read(frames);
    } catch (error) {
      return error instanceof RejectedError ? error : new RejectedError(text(error), { cause: error });
    }
  };
}

function checkSize(frames: readonly Uint8Array[], { maxFrames, maxMessageBytes }: Limits): void {
  if (frames.length > maxFrames) throw new RejectedError(`${frames.length} frames, at most ${maxFrames} are taken`);
  let bytes = 0;
  for (let index = 0; index < frames.length; index += 1) bytes += (frames[index] as Uint8Array).length;
  if (bytes > maxMessageBytes) throw new RejectedError(`${bytes} bytes, at most ${maxMessageBytes} are taken`);
}
