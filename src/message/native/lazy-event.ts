import { type InspectOptions, inspect } from "node:util";
import type { Envelope, Origin } from "../envelope.ts";
import { Event } from "../event.ts";
import type { AnyMessage, Data, Payload } from "../message.ts";
import { findOffset } from "../msgpack/index.ts";
import { lazyArray, pins } from "../ndarray.ts";
import { originSequenceAt, readChecked, readEnvelope, SEEN } from "./dynamic-map.ts";
import { keepUnknown, unknownEntries } from "./entries.ts";
import type { Facts } from "./facts.ts";
import { plainBytes } from "./plain-bytes.ts";
import { PRELUDE, staticLength, timeOf } from "./prelude.ts";

/** The keys of an event's dynamic map. */
export const EVENT_KEYS: ReadonlySet<string> = new Set(["sequence", "key", "headers", "trace", "metadata"]);

const NO_METADATA: Data = Object.freeze({});

/**
 * Stands in for an Event whose header was checked and is decoded when it is first read; its bytes go out again as they
 * came. It is not built by Event's constructor, whose fields would hide the getters; its prototype is put below Event's,
 * so that `instanceof` and the methods are those of any other event.
 */
export class LazyEvent {
  declare readonly type: "event";
  readonly run: string | undefined;
  readonly #header: Uint8Array;
  readonly #facts: Facts;
  /** The payload as received; undefined when another payload took its place. */
  readonly #frame: Uint8Array | undefined;
  /** Where the metadata begin in the header; 0 where there are none. */
  readonly #metadataAt: number;
  /** What else the dynamic map has, in bits of `SEEN`. */
  readonly #seen: number;
  #metadata: Data | undefined;
  #payload: Payload | undefined;
  #envelope: Envelope | undefined;

  constructor(header: Uint8Array, facts: Facts, frame: Uint8Array | undefined, metadataAt: number, seen: number) {
    this.run = facts.run;
    this.#header = header;
    this.#facts = facts;
    this.#frame = frame;
    this.#metadataAt = metadataAt;
    this.#seen = seen;
    this.#metadata = undefined;
    this.#payload = undefined;
    this.#envelope = undefined;
  }

  get metadata(): Data {
    this.#metadata ??= this.#metadataAt === 0 ? NO_METADATA : (readChecked(this.#header, this.#metadataAt) as Data);
    return this.#metadata;
  }

  get payload(): Payload {
    if (this.#payload === undefined && this.#frame !== undefined) this.#payload = opened(this.#frame, this.#facts);
    return this.#payload as Payload;
  }

  get envelope(): Envelope {
    this.#envelope ??= this.#decodeEnvelope();
    return this.#envelope;
  }

  field(name: string): unknown {
    if (this.#metadata !== undefined) return Object.hasOwn(this.#metadata, name) ? this.#metadata[name] : undefined;
    const header = this.#header;
    const at = this.#metadataAt === 0 ? -1 : findOffset(header, this.#metadataAt, header.length, name);
    return at < 0 ? undefined : readChecked(header, at);
  }

  /** With the same metadata the header's bytes stay in use. */
  with(change: { readonly metadata?: unknown; readonly payload?: Payload }): Event<unknown, Payload> {
    if ("metadata" in change) {
      const payload = "payload" in change ? (change.payload as Payload) : this.payload;
      return new Event(change.metadata, payload, this.envelope);
    }
    const replaced = "payload" in change;
    const frame = replaced ? undefined : this.#frame;
    const derived = new LazyEvent(this.#header, this.#facts, frame, this.#metadataAt, this.#seen);
    derived.#payload = replaced ? change.payload : this.#payload;
    derived.#metadata = this.#metadata;
    derived.#envelope = this.envelope;
    return derived as unknown as Event<unknown, Payload>;
  }

  /** Neither the payload nor the header keeps a larger received buffer alive. */
  keep(): Event {
    const frame = this.#frame;
    const payload = frame === undefined ? new Event(NO_METADATA, this.payload).keep().payload : this.#payload;
    const framePins = frame !== undefined && pins(frame);
    const inFrame = frame !== undefined && !framePins && frame.buffer === this.#header.buffer;
    const headerPins = !inFrame && pins(this.#header);
    if (payload === this.#payload && !framePins && !headerPins) return this as unknown as Event;
    const header = headerPins ? new Uint8Array(this.#header) : this.#header;
    const own = framePins ? new Uint8Array(frame) : frame;
    const kept = new LazyEvent(header, this.#facts, own, this.#metadataAt, this.#seen);
    kept.#payload = framePins ? undefined : payload;
    // Headers may hold views of the received header; without them the envelope is free of it.
    if ((this.#seen & SEEN.headers) === 0) kept.#envelope = this.envelope;
    return kept as unknown as Event;
  }

  /** Gives what `JSON.stringify` and the inspector show: what any other event has as fields. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { type, metadata, payload, run, envelope } = this;
    return { type, metadata, payload, run, envelope };
  }

  #decodeEnvelope(): Envelope {
    const { run, stream, partition } = this.#facts;
    const start = PRELUDE + staticLength(this.#header);
    const timeMs = timeOf(this.#header);
    const origin: Origin = { stream, partition, sequence: originSequenceAt(this.#header, start) };
    const envelope: { -readonly [Part in keyof Envelope]: Envelope[Part] } = {};
    if (run !== undefined) envelope.run = run;
    if (!Number.isNaN(timeMs)) envelope.timeMs = timeMs;
    envelope.origin = origin;
    if (this.#facts.unknown !== undefined || (this.#seen & SEEN.unknown) !== 0) {
      const ofDynamic = unknownEntries(this.#header, start, EVENT_KEYS);
      keepUnknown(origin, { ofStatic: this.#facts.unknown, ofDynamic });
    }
    if (this.#seen !== 0) Object.assign(envelope, readEnvelope(this.#header, start, this.#seen));
    return envelope;
  }

  /** Gives the header as it came. */
  static header(event: LazyEvent): Uint8Array {
    return event.#header;
  }

  /** Gives what the event shares with others of its run. */
  static facts(event: LazyEvent): Facts {
    return event.#facts;
  }

  /** Gives the payload as it came; undefined when another one took its place. */
  static frame(event: LazyEvent): Uint8Array | undefined {
    return event.#frame;
  }

  /** Tells whether an event was received and not given other metadata since. */
  static is(event: object): event is LazyEvent {
    // Much quicker than to look for a private field, and this is asked several times for each message.
    return event instanceof LazyEvent;
  }
}
Object.setPrototypeOf(LazyEvent.prototype, Event.prototype);
Object.defineProperty(LazyEvent.prototype, "type", { value: "event", enumerable: true });
Object.defineProperty(LazyEvent.prototype, inspect.custom, {
  value(this: LazyEvent, _depth: number, options: InspectOptions): string {
    return `Event ${inspect(this.toJSON(), options)}`;
  },
});

const place = { stream: "", partition: "", sequence: 0 };

/**
 * Gives the origin of a message, of a received event without decoding it. The object is used again by the next call:
 * read it at once.
 */
export function originPlace(message: AnyMessage): Readonly<Origin> | undefined {
  if (message.type !== "event" || !LazyEvent.is(message)) return message.envelope.origin;
  const header = LazyEvent.header(message);
  const { stream, partition } = LazyEvent.facts(message);
  place.stream = stream;
  place.partition = partition;
  place.sequence = originSequenceAt(header, PRELUDE + staticLength(header));
  return place;
}

/** Gives the origin of a message. */
export function originOf(message: AnyMessage): Origin | undefined {
  const origin = originPlace(message);
  return origin === place ? { ...place } : origin;
}

/** Gives the sequence of a message at its first source; -1 without an origin. */
export function originSequence(message: AnyMessage): number {
  return originPlace(message)?.sequence ?? -1;
}

function opened(frame: Uint8Array, { array }: Facts): Payload {
  const bytes = plainBytes(frame);
  return array === undefined ? bytes : lazyArray(array.dtype, array.shape, bytes);
}
