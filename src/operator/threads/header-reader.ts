import type { Event } from "../../message/event.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import { checkDynamic, metadataAt } from "../../message/native/dynamic-map.ts";
import { type Facts, readFacts } from "../../message/native/facts.ts";
import { LazyEvent } from "../../message/native/lazy-event.ts";
import { PRELUDE, staticLength } from "../../message/native/prelude.ts";

const REMEMBERED = 8;

/** Makes events of headers that were checked when they were received; what they hold is decoded when it is read. */
export class HeaderReader {
  readonly #facts: Facts[] = [];

  /** Makes an event without a payload. */
  read(header: Uint8Array): Event {
    const facts = this.#factsOf(header);
    const start = PRELUDE + staticLength(header);
    const seen = checkDynamic(header, start, header.length, DEFAULT_LIMITS);
    return new LazyEvent(header, facts, undefined, metadataAt, seen) as unknown as Event;
  }

  #factsOf(header: Uint8Array): Facts {
    const end = PRELUDE + staticLength(header);
    const bytes = header.subarray(PRELUDE, end);
    const known = this.#facts.find((one) => Buffer.compare(one.bytes, bytes) === 0);
    if (known !== undefined) return known;
    const facts = readFacts(header, PRELUDE, end, DEFAULT_LIMITS);
    if (this.#facts.unshift(facts) > REMEMBERED) this.#facts.pop();
    return facts;
  }
}
