import { RejectedError } from "../../errors.ts";
import type { Codec, Decoded } from "../../message/codec.ts";
import type { Limits } from "../../message/limits.ts";
import { isHeader, KIND } from "../../message/native/prelude.ts";
import { Start } from "../../message/start.ts";

/** Makes a copy of a Start for a reader that goes on in the midst of its run, without the counters of its time. */
export function startAgain(decoded: Decoded, copy: boolean): Decoded {
  const { message, stream, hop } = decoded;
  if (message.type !== "start") return decoded;
  const start = new Start(message.data, { ...message.envelope, resumed: true });
  const name = stream === undefined ? {} : { stream };
  if (hop === undefined) return { message: start, ...name };
  const { next: _atItsTime, left: _either, ...rest } = hop;
  return { message: start, ...name, hop: { ...rest, skipped: 0, copy } };
}

/** Reads Starts and Stops beside the inlet. Of the native form a byte tells which they are; of others only the reader. */
export class LifecycleReader {
  readonly #read: (frames: readonly Uint8Array[]) => readonly Decoded[];
  readonly #isNative: boolean;

  constructor(codec: Codec, isNative: boolean, limits: Limits) {
    this.#read = codec.reader(limits);
    this.#isNative = isNative;
  }

  /** Gives what was decoded where a Start or Stop is among it, and nothing else is. */
  look(frames: readonly Uint8Array[]): readonly Decoded[] {
    const last = frames[frames.length - 1];
    if (this.#isNative && last !== undefined && isHeader(last) && last[4] === KIND.event) return NONE;
    try {
      const decoded = this.#read(frames);
      return decoded.some(({ message }) => message.type !== "event") ? decoded : NONE;
    } catch (error) {
      // The inlet will say so.
      if (error instanceof RejectedError) return NONE;
      throw error;
    }
  }
}

const NONE: readonly Decoded[] = Object.freeze([]);
