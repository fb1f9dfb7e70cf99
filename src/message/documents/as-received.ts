import type { Decoded } from "../codec.ts";
import type { AnyMessage } from "../message.ts";
import { pins } from "../ndarray.ts";

type Frames = readonly Uint8Array[];

interface Kept {
  readonly frames: Frames;
  /** The metadata or data that was read. */
  readonly content: unknown;
  readonly run: string | undefined;
}

/**
 * Remembers the frames of messages that one format read, so that whoever writes the same format again gives them as they
 * came, byte for byte and without a copy. Nothing is kept alive by it: an event's frames go with its payload, those of
 * a Start or Stop with its data.
 */
export class AsReceived {
  readonly #kept = new WeakMap<object, Kept>();

  /** Remembers the frames of a message; for a Start or Stop, which may be held for long, copies of small parts. */
  keep(decoded: Decoded, frames: Frames): void {
    const { message } = decoded;
    const { run } = message;
    if (message.type === "event") this.#kept.set(message.payload, { frames, content: message.metadata, run });
    else this.#kept.set(message.data, { frames: frames.map(unpinned), content: message.data, run });
  }

  /** Gives the frames of a message that is still what was read; undefined for every other one. */
  framesOf(message: AnyMessage): Frames | undefined {
    const [key, content]: unknown[] =
      message.type === "event" ? [message.payload, message.metadata] : [message.data, message.data];
    if (typeof key !== "object" || key === null) return undefined;
    const kept = this.#kept.get(key);
    return kept !== undefined && kept.content === content && kept.run === message.run ? kept.frames : undefined;
  }
}

/** Gives bytes that may be kept. */
function unpinned(frame: Uint8Array): Uint8Array {
  return pins(frame) ? new Uint8Array(frame) : frame;
}
