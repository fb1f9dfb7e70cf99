import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../codec.ts";
import type { Event } from "../event.ts";
import type { Limits } from "../limits.ts";
import { type Arrival, Arrivals } from "./arrivals.ts";
import { checkDynamic, metadataAt, SEEN } from "./dynamic-map.ts";
import type { ArrayFacts, Facts } from "./facts.ts";
import { type Layout, Layouts } from "./layouts.ts";
import { LazyEvent } from "./lazy-event.ts";
import { readLifecycle } from "./lifecycle-reader.ts";
import {
  checkHeader,
  FLAG,
  hasInfiniteTime,
  isHeader,
  KIND,
  mapsLength,
  PRELUDE,
  sequenceOf,
  skippedOf,
  staticLength,
} from "./prelude.ts";
import { LIFECYCLE_TOPIC } from "./topic.ts";

const MOST_FRAMES = 3;
const EMPTY = new Uint8Array(0);

/** Reads wire messages of one source: `[topic?, header, payload?]`, or header and payload in one frame. */
export class Reader {
  readonly #limits: Limits;
  readonly #arrivals: Arrivals;
  readonly #layouts: Layouts = new Layouts();

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#arrivals = new Arrivals(limits);
  }

  /** Decodes one message; what is large stays where it is. */
  read(frames: readonly Uint8Array[]): Decoded {
    checkSize(frames, this.#limits);
    const first = frames[0] as Uint8Array;
    const at = frames.length > 1 && !isHeader(first) ? 1 : 0;
    const whole = frames[at] as Uint8Array;
    checkHeader(whole);
    const length = PRELUDE + mapsLength(whole);
    if (length > whole.length) throw new RejectedError("header: shorter than its maps");
    if (length > this.#limits.maxHeaderBytes) {
      throw new RejectedError(`header: longer than the ${this.#limits.maxHeaderBytes} bytes allowed`);
    }
    if (PRELUDE + staticLength(whole) > length) throw new RejectedError("static map: longer than both maps");
    const header = length === whole.length ? whole : whole.subarray(0, length);
    const payload = payloadOf(frames, at, whole, length);
    if (hasInfiniteTime(header)) throw new RejectedError("time: is infinite");
    const kind = header[4];
    const topicFrame = at === 1 ? first : undefined;
    if (kind === KIND.event) return this.#event(header, payload, topicFrame);
    if (kind === undefined || kind < KIND.start || kind > KIND.signOfLife) {
      throw new RejectedError(`type ${kind}: no such kind of message; made by a newer arroyojs`);
    }
    if (payload.length > 0) throw new RejectedError("payload: only events have one");
    return readLifecycle(header, this.#limits);
  }

  #event(header: Uint8Array, payload: Uint8Array, topicFrame: Uint8Array | undefined): Decoded {
    const arrival = this.#arrivals.of(header, topicFrame);
    if (arrival.hop.topic === LIFECYCLE_TOPIC) throw new RejectedError(`topic: an event under "${LIFECYCLE_TOPIC}"`);
    const layout = this.#layouts.find(header);
    const message = layout === undefined ? this.#unknown(header, payload, arrival) : known(header, payload, layout);
    const skipped = skippedOf(header);
    const hop = skipped === 0 ? arrival.hop : { ...arrival.hop, skipped };
    return { message: message as unknown as Event, sequence: sequenceOf(header), hop };
  }

  /** Makes an event of a header whose maps have to be checked. */
  #unknown(header: Uint8Array, payload: Uint8Array, arrival: Arrival): LazyEvent {
    const facts = this.#arrivals.facts(arrival, header);
    const seen = checkDynamic(header, PRELUDE + staticLength(header), header.length, this.#limits);
    const at = metadataAt;
    checkFlags(header[5] as number, facts, seen);
    this.#layouts.learn(header, facts, at, seen);
    checkLength(facts.array, payload);
    return new LazyEvent(header, facts, payload, at, seen);
  }
}

function known(header: Uint8Array, payload: Uint8Array, { facts, metadataAt, seen }: Layout): LazyEvent {
  checkLength(facts.array, payload);
  return new LazyEvent(header, facts, payload, metadataAt, seen);
}

function checkLength(array: ArrayFacts | undefined, payload: Uint8Array): void {
  if (array === undefined || array.byteLength === payload.length) return;
  const wanted = `${array.dtype} [${array.shape.join(", ")}] needs ${array.byteLength} bytes`;
  throw new RejectedError(`payload: ${wanted}, got ${payload.length}`);
}

function checkSize(frames: readonly Uint8Array[], limits: Limits): void {
  const most = Math.min(MOST_FRAMES, limits.maxFrames);
  if (frames.length === 0 || frames.length > most) {
    throw new RejectedError(`frames: expected 1 to ${most}, got ${frames.length}`);
  }
  let bytes = 0;
  for (let i = 0; i < frames.length; i++) bytes += (frames[i] as Uint8Array).length;
  if (bytes > limits.maxMessageBytes) {
    throw new RejectedError(`message: longer than the ${limits.maxMessageBytes} bytes allowed`);
  }
}

function payloadOf(frames: readonly Uint8Array[], at: number, whole: Uint8Array, length: number): Uint8Array {
  const rest = frames.length - at - 1;
  if (rest === 0) return length === whole.length ? EMPTY : whole.subarray(length);
  if (rest > 1) throw new RejectedError("frames: more than one behind the header");
  if (length !== whole.length) throw new RejectedError("header: longer than its maps");
  return frames[at + 1] as Uint8Array;
}

/** The flags let a hop know without decoding: they must not lie. */
function checkFlags(flags: number, facts: Facts, seen: number): void {
  if ((flags & FLAG.critical) !== 0) throw new RejectedError("a key must be understood: made by a newer arroyojs");
  if (((flags & FLAG.array) !== 0) !== (facts.array !== undefined)) {
    throw new RejectedError("flags: an array is announced but not described, or the other way round");
  }
  if (((flags & FLAG.key) !== 0) !== ((seen & SEEN.key) !== 0)) {
    throw new RejectedError("flags: a key is announced but not there, or the other way round");
  }
}
