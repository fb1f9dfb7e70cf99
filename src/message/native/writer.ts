import { UsageError } from "../../errors.ts";
import type { Sent } from "../account.ts";
import type { WriterOptions, Writing, Written } from "../codec.ts";
import type { Event } from "../event.ts";
import type { AnyMessage, Payload } from "../message.ts";
import { Packer } from "../msgpack/index.ts";
import { bytesOf, isNdArray } from "../ndarray.ts";
import { keptUnknown } from "./entries.ts";
import { LazyEvent } from "./lazy-event.ts";
import { LifecycleWriter } from "./lifecycle-writer.ts";
import { beginDynamic, envelopeEntries, writableTime, writeContent, writeEnvelope } from "./map-writing.ts";
import { FLAG, KIND, type Life, PRELUDE, staticLength, timeOf, writeHop, writePrelude } from "./prelude.ts";
import { PublisherLife, type TopicLife } from "./publisher-life.ts";
import { refusalOf, tellLater } from "./refusal.ts";
import { StaticMaps } from "./static-maps.ts";

/** Larger frames may be sent without a copy. */
const LONGEST_IN_PLACE = 4096;

type WireMessages = readonly (readonly Uint8Array[])[];

/** Writes the messages of one life of a publisher. */
export class NativeWriter {
  /** What this life counts. */
  readonly life: PublisherLife;
  readonly #packer: Packer = new Packer();
  readonly #statics: StaticMaps = new StaticMaps(this.#packer);
  readonly #lifecycle: LifecycleWriter;
  readonly #halves: Life;
  readonly #sharedFlag: number;
  readonly #isCopied: boolean;
  /** The place of headers that are passed on, where each is copied before the next one. */
  #place: Uint8Array = new Uint8Array(0);

  constructor(options: WriterOptions = {}) {
    this.life = new PublisherLife(options);
    this.#halves = {
      incarnationHigh: Number.parseInt(this.life.incarnation.slice(0, 8), 16),
      incarnationLow: Number.parseInt(this.life.incarnation.slice(8), 16),
    };
    this.#sharedFlag = options.shared === true ? FLAG.shared : 0;
    this.#isCopied = options.copied === true;
    this.#lifecycle = new LifecycleWriter(this.life, this.#halves, this.#sharedFlag, this.#packer, this.#statics);
  }

  /** Gives the frames of a message; the payload's bytes are not copied. */
  write(message: AnyMessage, writing?: Writing): WireMessages {
    if (message.type === "event") return [this.#event(message, this.life.topic(writing?.topic ?? ""))];
    return [message.type === "start" ? this.#lifecycle.start(message) : this.#lifecycle.stop(message)];
  }

  /** Counts a message that is left out on purpose. */
  skip(message: AnyMessage, writing?: Writing): void {
    if (message.type === "event") this.life.leaveOut(this.life.topic(writing?.topic ?? ""), message.run);
    else this.life.leaveOutLifecycle(message.run, message.type === "stop");
  }

  /** Counts a message that was written as left out; gives those that were written later, in which the next one says so. */
  refused({ message, wire }: Written, later: readonly Written[]): readonly Written[] {
    const refusal = refusalOf(message, wire);
    if (refusal === undefined) return later;
    const topic = refusal.topic === undefined ? this.life.lifecycle : this.life.topic(refusal.topic);
    if (message.type === "start") this.#lifecycle.takeBackStart(message.run);
    else if (message.type === "event") this.life.takeBack(topic, message.run, refusal.isSource);
    const { messages, isTold } = tellLater(refusal, later);
    if (!isTold) topic.skipped += refusal.missing;
    return messages;
  }

  /** Gives the Starts of the open runs once more. */
  again(): WireMessages {
    return this.#lifecycle.again();
  }

  /** Gives a sign of life; undefined while no run is open. */
  signOfLife(): readonly Uint8Array[] | undefined {
    return this.#lifecycle.signOfLife();
  }

  /** Says what was sent of an open run, as its source. */
  sent(run: string): readonly Sent[] {
    return this.life.sent(run);
  }

  #event(event: Event, topic: TopicLife): readonly Uint8Array[] {
    let header: Uint8Array;
    let payload: Uint8Array;
    let isSource = false;
    if (LazyEvent.is(event)) {
      const received = LazyEvent.frame(event);
      payload = received ?? bytesOfPayload(event.payload);
      header = received === undefined ? this.#headerAround(event, event.payload) : this.#headerAgain(event);
    } else {
      payload = bytesOfPayload(event.payload);
      isSource = event.envelope.origin === undefined;
      header = this.#header(event, topic);
    }
    writeHop(header, this.#halves, topic.next, topic.skipped);
    this.life.event(topic, event.run, isSource);
    if (topic.frame === undefined) return payload.length === 0 ? [header] : [header, payload];
    return payload.length === 0 ? [topic.frame, header] : [topic.frame, header, payload];
  }

  /** Makes the header of an event of this process. */
  #header(event: Event, topic: TopicLife): Uint8Array {
    const { envelope, metadata, payload } = event;
    const { origin } = envelope;
    const timeMs = writableTime(envelope);
    const unknown = keptUnknown(origin);
    const stream = origin === undefined ? this.life.stream : origin.stream;
    const partition = origin === undefined ? topic.name : origin.partition;
    const ofStatic = this.#statics.of(event.run, stream, partition, payload, unknown?.ofStatic);
    const hasContent = metadata !== undefined;
    const packer = this.#packer;
    packer.reset(PRELUDE);
    packer.raw(ofStatic);
    const entries = 1 + envelopeEntries(envelope) + (hasContent ? 1 : 0) + (unknown?.ofDynamic?.count ?? 0);
    beginDynamic(packer, entries, origin === undefined ? topic.next : origin.sequence);
    writeEnvelope(packer, envelope);
    if (hasContent) writeContent(packer, "metadata", metadata);
    if (unknown?.ofDynamic !== undefined) packer.raw(unknown.ofDynamic.bytes);
    const header = packer.finish();
    const flags =
      (isNdArray(payload) ? FLAG.array : 0) | (envelope.key === undefined ? 0 : FLAG.key) | this.#sharedFlag;
    writePrelude(header, KIND.event, flags, timeMs, ofStatic.length);
    return header;
  }

  /** Makes the header of an event that is passed on as it came: a copy, because others may share the received bytes. */
  #headerAgain(event: LazyEvent): Uint8Array {
    const received = LazyEvent.header(event);
    const header = this.#placeOf(received.length);
    header.set(received);
    header[5] = ((received[5] as number) & (FLAG.array | FLAG.key)) | this.#sharedFlag;
    return header;
  }

  #placeOf(length: number): Uint8Array {
    if (!this.#isCopied || length > LONGEST_IN_PLACE) return Buffer.allocUnsafe(length);
    // A view is made anew only where the length is another one: it costs more than the copy.
    if (this.#place.length !== length) this.#place = new Uint8Array(length);
    return this.#place;
  }

  /** Makes the header of a received event whose payload was replaced: its dynamic map stays as it came. */
  #headerAround(event: LazyEvent, payload: Payload): Uint8Array {
    const received = LazyEvent.header(event);
    const { run, stream, partition, unknown } = LazyEvent.facts(event);
    const ofStatic = this.#statics.of(run, stream, partition, payload, unknown);
    const dynamic = received.subarray(PRELUDE + staticLength(received));
    const header = Buffer.allocUnsafe(PRELUDE + ofStatic.length + dynamic.length);
    const flags = ((received[5] as number) & FLAG.key) | (isNdArray(payload) ? FLAG.array : 0) | this.#sharedFlag;
    writePrelude(header, KIND.event, flags, timeOf(received), ofStatic.length);
    header.set(ofStatic, PRELUDE);
    header.set(dynamic, PRELUDE + ofStatic.length);
    return header;
  }
}

function bytesOfPayload(payload: Payload): Uint8Array {
  if (isNdArray(payload)) return bytesOf(payload);
  if (payload instanceof Uint8Array) return payload;
  const got = typeof payload === "object" && payload !== null ? (payload as object).constructor?.name : typeof payload;
  throw new UsageError(`payload: expected bytes or an NdArray, got ${got}; wrap an array: new NdArray(data, shape)`);
}
