import type { Codec } from "./codec.ts";
import { Event } from "./event.ts";
import { checkFrames } from "./frames.ts";
import type { AnyMessage, Payload } from "./message.ts";
import { plainBytes } from "./native/plain-bytes.ts";
import { bytesOf, isNdArray } from "./ndarray.ts";

/** Holds what stood before the payload: all frames of the wire message but the last. */
export type RawMetadata = { readonly frames: readonly Uint8Array[] };

/** Is what the raw codec reads: the last frame is the payload. */
export type RawEvent = Event<RawMetadata, Uint8Array>;

const NO_FRAMES: RawMetadata = Object.freeze({ frames: Object.freeze([]) });

/**
 * Takes any wire message for an event outside of any run, and gives it back frame for frame. A Start or a Stop has no
 * raw form: nothing is written for it.
 */
export const rawCodec: Codec = {
  name: "raw",
  reader(limits) {
    return (frames) => {
      checkFrames(frames, limits);
      const plain = frames.map(plainBytes);
      const metadata = plain.length === 1 ? NO_FRAMES : { frames: plain.slice(0, -1) };
      const message: RawEvent = new Event(metadata, plain[plain.length - 1] as Uint8Array);
      return [{ message }];
    };
  },
  writer: () => write,
};

function write(message: AnyMessage): readonly (readonly Uint8Array[])[] {
  if (message.type !== "event") return [];
  const payload: Payload = message.payload;
  return [[...framesOf(message.metadata), isNdArray(payload) ? bytesOf(payload) : payload]];
}

/** Gives the frames of metadata that this codec read; other metadata may use the name for something else. */
function framesOf(metadata: unknown): readonly Uint8Array[] {
  const frames: unknown =
    typeof metadata === "object" && metadata !== null && "frames" in metadata ? metadata.frames : undefined;
  return Array.isArray(frames) && frames.every((frame) => frame instanceof Uint8Array) ? frames : [];
}
