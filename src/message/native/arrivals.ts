import type { Hop } from "../codec.ts";
import type { Limits } from "../limits.ts";
import { type Facts, readFacts } from "./facts.ts";
import { FLAG, incarnationHigh, incarnationLow, incarnationText, PRELUDE, staticLength } from "./prelude.ts";
import { readTopic } from "./topic.ts";

/** Remembers what many messages of one publisher, topic and run have in common. */
export interface Arrival {
  readonly low: number;
  readonly high: number;
  readonly shared: boolean;
  readonly topicFrame: Uint8Array;
  /** The hop of a message before which nothing was left out. */
  readonly hop: Hop;
  /** The static facts of the last messages, the newest first: runs may take turns. */
  readonly facts: Facts[];
}

const REMEMBERED = 8;
const REMEMBERED_FACTS = 4;
const NO_TOPIC = new Uint8Array(0);

/** Finds what the last messages had in common with the one at hand, so that it is decoded once. */
export class Arrivals {
  readonly #limits: Limits;
  /** The one used last stands first. */
  readonly #recent: Arrival[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Gives the arrival of an event by its incarnation and topic. */
  of(header: Uint8Array, topicFrame: Uint8Array = NO_TOPIC): Arrival {
    const first = this.#recent[0];
    if (first !== undefined && isOf(first, header, topicFrame)) return first;
    return this.#older(header, topicFrame);
  }

  /** Gives the static facts of an event: those of an earlier one when the bytes are the same. */
  facts(arrival: Arrival, header: Uint8Array): Facts {
    const length = staticLength(header);
    const { facts } = arrival;
    for (let i = 0; i < facts.length; i++) {
      const one = facts[i] as Facts;
      if (one.bytes.length === length && isSame(one.bytes, header, length)) return one;
    }
    const read = readFacts(header, PRELUDE, PRELUDE + length, this.#limits);
    if (facts.unshift(read) > REMEMBERED_FACTS) facts.pop();
    return read;
  }

  #older(header: Uint8Array, topicFrame: Uint8Array): Arrival {
    const recent = this.#recent;
    const at = recent.findIndex((one) => isOf(one, header, topicFrame));
    const arrival = at > 0 ? (recent[at] as Arrival) : newArrival(header, topicFrame);
    if (at > 0) recent.splice(at, 1);
    else if (recent.length === REMEMBERED) recent.pop();
    recent.unshift(arrival);
    return arrival;
  }
}

function newArrival(header: Uint8Array, topicFrame: Uint8Array): Arrival {
  const topic = readTopic(topicFrame);
  const low = incarnationLow(header);
  const high = incarnationHigh(header);
  const shared = isShared(header);
  const hop: Hop = Object.freeze({
    incarnation: incarnationText(low, high),
    topic,
    skipped: 0,
    shared,
    copy: false,
  });
  return { low, high, shared, topicFrame: new Uint8Array(topicFrame), hop, facts: [] };
}

function isShared(header: Uint8Array): boolean {
  return ((header[5] as number) & FLAG.shared) !== 0;
}

function isOf(arrival: Arrival, header: Uint8Array, topicFrame: Uint8Array): boolean {
  const known = arrival.topicFrame;
  if (
    arrival.low !== incarnationLow(header) ||
    arrival.high !== incarnationHigh(header) ||
    arrival.shared !== isShared(header) ||
    known.length !== topicFrame.length
  ) {
    return false;
  }
  for (let i = 0; i < known.length; i++) if (known[i] !== topicFrame[i]) return false;
  return true;
}

/** Four bytes at a time: the check of bounds and the jump would cost more than the comparison. */
function isSame(known: Uint8Array, header: Uint8Array, length: number): boolean {
  let differs = 0;
  let i = 0;
  for (const last = length - 3; i < last; i += 4) {
    const at = PRELUDE + i;
    differs |=
      ((known[i] as number) ^ (header[at] as number)) |
      ((known[i + 1] as number) ^ (header[at + 1] as number)) |
      ((known[i + 2] as number) ^ (header[at + 2] as number)) |
      ((known[i + 3] as number) ^ (header[at + 3] as number));
  }
  for (; i < length; i++) differs |= (known[i] as number) ^ (header[PRELUDE + i] as number);
  return differs === 0;
}
