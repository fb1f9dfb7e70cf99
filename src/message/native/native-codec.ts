import type { Codec, Decoded, Writer, WriterOptions, Writing, Written } from "../codec.ts";
import type { Limits } from "../limits.ts";
import type { Message } from "../message.ts";
import { Reader } from "./reader.ts";
import { NativeWriter } from "./writer.ts";

/**
 * The codec of this package: a header frame, of which a hop changes a few bytes, and the raw payload. docs/wire-format.md
 * describes it byte for byte.
 */
export const nativeCodec: Codec = Object.freeze({
  name: "arroyo/1",
  withoutStart: "drop",

  reader(limits: Limits): (frames: readonly Uint8Array[]) => readonly Decoded[] {
    const reader = new Reader(limits);
    return (frames) => [reader.read(frames)];
  },

  writer(options?: WriterOptions): Writer {
    const writer = new NativeWriter(options);
    const write = (message: Message, writing?: Writing): readonly (readonly Uint8Array[])[] =>
      writer.write(message, writing);
    return Object.assign(write, {
      incarnation: writer.life.incarnation,
      skip: (message: Message, writing?: Writing) => writer.skip(message, writing),
      refused: (written: Written, later: readonly Written[]) => writer.refused(written, later),
      again: () => writer.again(),
      signOfLife: () => writer.signOfLife(),
      sent: (run: string) => writer.sent(run),
    });
  },
});
