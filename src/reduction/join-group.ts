import type { Event } from "../message/event.ts";
import type { Holder } from "../operator/part.ts";

/** Gathers what belongs to one pulse, train or frame; it holds its messages apart from those of other groups. */
export class JoinGroup implements Holder {
  /** Its messages are released together, of whatever run they are. */
  readonly mergesRuns = true;
  readonly name: string;
  readonly bornMs: number;
  /** One place for each stream, in the order of the option. */
  readonly events: (Event | undefined)[];
  #missing: number;

  constructor(name: string, streams: number, bornMs: number) {
    this.name = name;
    this.bornMs = bornMs;
    this.events = Array.from({ length: streams }, () => undefined);
    this.#missing = streams;
  }

  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** Adds an event; gives the one whose place it takes. */
  add(stream: number, event: Event): Event | undefined {
    const before = this.events[stream];
    this.events[stream] = event;
    if (before === undefined) this.#missing -= 1;
    return before;
  }
}
