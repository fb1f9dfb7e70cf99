import type { Codec, Decoded } from "./codec.ts";

/** Hears what the readers of a codec make of each wire message. */
export interface ReadingObserver {
  read?(decoded: readonly Decoded[]): void;
  rejected?(): void;
}

/** Lets somebody hear what a codec's readers read, as a transport that holds a dialogue about it. */
export function observedCodec(codec: Codec, observer: ReadingObserver): Codec {
  const { name, withoutStart, limits } = codec;
  return {
    name,
    ...(withoutStart === undefined ? undefined : { withoutStart }),
    ...(limits === undefined ? undefined : { limits }),
    reader(bounds) {
      const read = codec.reader(bounds);
      return (frames) => {
        let decoded: readonly Decoded[];
        try {
          decoded = read(frames);
        } catch (error) {
          observer.rejected?.();
          throw error;
        }
        observer.read?.(decoded);
        return decoded;
      };
    },
    writer: (options) => codec.writer(options),
  };
}
