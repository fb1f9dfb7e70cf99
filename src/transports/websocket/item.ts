import { jsonCodec } from "../../message/json-codec.ts";
import type { AnyMessage, Payload } from "../../message/message.ts";
import { Packer } from "../../message/msgpack/index.ts";
import { sequenceOf, skippedOf } from "../../message/native/prelude.ts";
import { bytesOf, isNdArray, pins } from "../../message/ndarray.ts";
import { Start } from "../../message/start.ts";
import type { Lane } from "./lane.ts";

/** Says by whom something was published, and where an origin begins. */
export interface Place {
  readonly stream: string;
  readonly incarnation: string;
  readonly partition: string;
}

/** Holds what an item is made of. */
export interface ItemParts {
  readonly message: AnyMessage;
  /** The header of the native codec. */
  readonly header: Uint8Array;
  readonly payload?: Uint8Array | undefined;
  readonly place: Place;
  /** Of an event: its kind. */
  readonly lane?: Lane;
  /** The sequence after that of the last event. */
  readonly next: number;
  /** Of a Stop: the events of its run that were given to all. */
  readonly runEvents?: number | undefined;
  /** The message in the publisher's own form, where it has one. */
  readonly bodies?: readonly Uint8Array[];
}

/** What an item takes beside its bytes. */
const BESIDE = 512;
/** A header and a payload up to here go out as one piece, larger ones as two, which saves a copy of the payload. */
const ONE_PIECE = 64 * 1024;
const NO_BYTES = new Uint8Array(0);
const NO_BODIES: readonly Uint8Array[] = Object.freeze([]);

const packer = new Packer();

/** Is one message on its way to all clients: each form of its bytes is made once, when the first client needs it. */
export class Item {
  readonly kind: "start" | "event" | "stop";
  readonly run: string | undefined;
  /** The kind of an event; undefined for Starts and Stops. */
  readonly lane: Lane | undefined;
  /** Its number among the events of its lane. */
  readonly index: number;
  readonly sequence: number;
  /** Messages that were left out before it for everybody. */
  readonly skipped: number;
  /** The memory that it takes while it waits. */
  readonly bytes: number;
  readonly header: Uint8Array;
  /** The sequence after that of the last event when this was published. */
  readonly next: number;
  readonly runEvents: number | undefined;
  readonly bodies: readonly Uint8Array[];
  readonly #place: Place;
  #message: AnyMessage;
  #payload: Uint8Array;
  #native: readonly Uint8Array[] | undefined;
  #json: Uint8Array | undefined;
  #msgpack: Uint8Array | undefined;
  #isKept = false;

  constructor({ message, header, payload, place, lane, next, runEvents, bodies }: ItemParts) {
    this.kind = message.type;
    this.run = message.run;
    this.lane = lane;
    this.index = lane === undefined ? 0 : lane.count;
    this.sequence = sequenceOf(header);
    this.skipped = skippedOf(header);
    this.header = header;
    this.next = next;
    this.runEvents = runEvents;
    this.bodies = bodies ?? NO_BODIES;
    this.#message = message;
    this.#payload = payload ?? NO_BYTES;
    this.bytes = BESIDE + header.length + this.#payload.length;
    this.#place = place;
  }

  /** Copies what would keep a larger buffer alive; called before the item waits for longer than a turn. */
  keep(): void {
    if (this.#isKept || this.kind !== "event") return;
    this.#isKept = true;
    const message = this.#message as Extract<AnyMessage, { type: "event" }>;
    this.#message = message.keep();
    if (pins(this.#payload)) this.#payload = new Uint8Array(this.#payload);
  }

  /** Gives header and payload, in one piece or two; with a header of its own for a client that needs one. */
  native(header: Uint8Array = this.header): readonly Uint8Array[] {
    if (header !== this.header) return pieces(header, this.#payload);
    this.#native ??= pieces(header, this.#payload);
    return this.#native;
  }

  /** Gives the message as JSON text. */
  json(): Uint8Array {
    this.#json ??= this.#jsonOf(this.#message);
    return this.#json;
  }

  /** Gives the message as MessagePack. */
  msgpack(): Uint8Array {
    this.#msgpack ??= this.#msgpackOf(this.#message);
    return this.#msgpack;
  }

  /** Makes a Start again for whoever joins. */
  again(form: "json" | "msgpack"): Uint8Array {
    const { data, envelope } = this.#message as Start;
    const start = new Start(data, { ...envelope, resumed: true });
    return form === "json" ? this.#jsonOf(start) : this.#msgpackOf(start);
  }

  #jsonOf(message: AnyMessage): Uint8Array {
    const [frames] = jsonCodec.writer({ stream: this.#place.stream })(message as never);
    const text = Buffer.from(frames?.[0] as Uint8Array);
    // The codec's own text stays as it is: what this hop adds is put in front.
    const hop = Buffer.from(`${JSON.stringify(this.#hop(message)).slice(0, -1)},`);
    return Buffer.concat([hop, text.subarray(1)]);
  }

  #msgpackOf(message: AnyMessage): Uint8Array {
    const { envelope, type } = message;
    const { stream } = this.#place;
    const content =
      type === "event"
        ? { metadata: message.metadata, payload: payloadOf(message.payload) }
        : { data: message.data, ...(type === "stop" ? { reason: message.reason } : { resumed: message.resumed }) };
    const { timeMs, key, origin, headers, trace } = envelope;
    const about = { type, run: message.run, stream: stream === "" ? undefined : stream, timeMs, key, headers, trace };
    packer.reset();
    packer.value(plain({ ...about, origin, ...this.#hop(message), ...content }), "message");
    return packer.finish();
  }

  /** Says where the message stands on this hop; its first source is here where it has no other. */
  #hop({ envelope }: AnyMessage): Readonly<Record<string, unknown>> {
    const { incarnation, partition, stream } = this.#place;
    const { sequence } = this;
    const origin = envelope.origin === undefined ? { stream, partition, sequence } : undefined;
    return plain({ incarnation, sequence, origin });
  }
}

function pieces(header: Uint8Array, payload: Uint8Array): readonly Uint8Array[] {
  if (payload.length === 0) return [header];
  return payload.length <= ONE_PIECE ? [Buffer.concat([header, payload])] : [header, payload];
}

function payloadOf(payload: Payload): unknown {
  if (!isNdArray(payload)) return payload;
  const { dtype, shape } = payload;
  return { dtype, shape: [...shape], data: bytesOf(payload) };
}

/** Leaves out what is absent, so that it does not take the place of what is there. */
function plain(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
