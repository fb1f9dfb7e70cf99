import type { Hop } from "../message/codec.ts";
import type { AnyMessage } from "../message/message.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { RunTracker } from "../runs/run-tracker.ts";
import type { Source } from "../runs/source.ts";

/** Finds out whose a message is. */
export class Sources {
  readonly #tracker: RunTracker<Delivery>;
  readonly #otherName: string;
  #lastHop: Hop | undefined;
  #lastSource: Source | undefined;

  /** `otherName` stands for a stream that nobody names. */
  constructor(tracker: RunTracker<Delivery>, otherName: string) {
    this.#tracker = tracker;
    this.#otherName = otherName;
  }

  /** Gives the source of a message. */
  of(message: AnyMessage, hop: Hop | undefined, stream: string | undefined): Source {
    if (hop !== undefined && hop === this.#lastHop) {
      if (stream !== undefined) (this.#lastSource as Source).stream = stream;
      return this.#lastSource as Source;
    }
    const name = stream ?? message.envelope.origin?.stream ?? this.#otherName;
    let source = this.#tracker.source(hop?.incarnation ?? name, name);
    // Without facts of the hop only an origin can tell streams apart, and not every message of a run has to have one.
    if (hop === undefined && stream === undefined && message.type !== "start" && message.run !== undefined) {
      if (!source.runs.has(message.run)) source = this.#tracker.holderOf(message.run) ?? source;
    }
    if (stream !== undefined) source.stream = stream;
    this.#lastHop = hop;
    this.#lastSource = source;
    return source;
  }
}
