import { RejectedError } from "../../../errors.ts";
import type { Codec } from "../../../message/codec.ts";
import { limitsOf } from "../../../message/limits.ts";
import type { AnyMessage } from "../../../message/message.ts";

/** Names a run that begins or ends with a message. */
export interface RunMark {
  readonly is: "start" | "stop";
  readonly run: string;
}

type Read = ReturnType<Codec["reader"]>;

/** Finds out where runs begin and end: from the messages, or from their frames where those are of a format of their own. */
export class RunMarks {
  readonly #read: Read | undefined;

  constructor(format: Codec | undefined) {
    this.#read = format?.reader(limitsOf(format));
  }

  /** Gives the marks that stand before a wire message: one of those, and perhaps the first, that `message` became. */
  of(message: AnyMessage, frames: readonly Uint8Array[], isFirst: boolean): readonly RunMark[] {
    if (this.#read !== undefined) return this.#decoded(this.#read, frames);
    return message.type === "event" || !isFirst ? NONE : [{ is: message.type, run: message.run }];
  }

  #decoded(read: Read, frames: readonly Uint8Array[]): readonly RunMark[] {
    let marks: RunMark[] | undefined;
    try {
      for (const { message } of read(frames)) {
        if (message.type === "event") continue;
        marks ??= [];
        marks.push({ is: message.type, run: message.run });
      }
    } catch (error) {
      // It is recorded as it came; whoever plays it back decides on it.
      if (!(error instanceof RejectedError)) throw error;
    }
    return marks ?? NONE;
  }
}

const NONE: readonly RunMark[] = Object.freeze([]);
