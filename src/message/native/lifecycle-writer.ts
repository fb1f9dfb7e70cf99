import type { Envelope } from "../envelope.ts";
import type { Packer } from "../msgpack/index.ts";
import type { Start } from "../start.ts";
import type { Stop } from "../stop.ts";
import { keptUnknown } from "./entries.ts";
import { beginDynamic, envelopeEntries, writableTime, writeContent, writeEnvelope, writeNext } from "./map-writing.ts";
import { FLAG, KIND, type Life, PRELUDE, writeHop, writePrelude } from "./prelude.ts";
import type { PublisherLife } from "./publisher-life.ts";
import type { StaticMaps } from "./static-maps.ts";
import { LIFECYCLE_TOPIC } from "./topic.ts";

/** Holds a Start of an open run as bytes, so that nothing of its message is kept alive. */
interface OpenStart {
  readonly sequence: number;
  readonly originSequence: number;
  readonly flags: number;
  readonly timeMs: number;
  readonly ofStatic: Uint8Array;
  readonly began: ReadonlyMap<string, number>;
  /** The entries behind the facts of the lifecycle. */
  readonly rest: Uint8Array;
  readonly entries: number;
}

/** Starts beyond this many bytes are not repeated, the oldest first. */
const MOST_BYTES = 16 * 1024 * 1024;
const OWN_ENTRIES = 4;

/** Writes Starts, Stops and signs of life. */
export class LifecycleWriter {
  readonly #life: PublisherLife;
  readonly #halves: Life;
  readonly #sharedFlag: number;
  readonly #packer: Packer;
  readonly #statics: StaticMaps;
  readonly #starts: Map<string, OpenStart> = new Map();
  #startBytes = 0;

  constructor(life: PublisherLife, halves: Life, sharedFlag: number, packer: Packer, statics: StaticMaps) {
    this.#life = life;
    this.#halves = halves;
    this.#sharedFlag = sharedFlag;
    this.#packer = packer;
    this.#statics = statics;
  }

  /** Gives the frames of a Start, and remembers it for whoever joins. */
  start(message: Start): readonly Uint8Array[] {
    const { envelope, resumed } = message;
    const { next, skipped } = this.#life.lifecycle;
    const ofStatic = this.#static(envelope);
    const unknown = keptUnknown(envelope.origin)?.ofDynamic;
    const packer = this.#packer;
    packer.reset();
    writeEnvelope(packer, envelope);
    if (message.data !== undefined) writeContent(packer, "data", message.data);
    if (unknown !== undefined) packer.raw(unknown.bytes);
    const began = this.#life.next();
    const start: OpenStart = {
      sequence: next,
      originSequence: envelope.origin?.sequence ?? next,
      flags: flagsOf(envelope) | (resumed ? FLAG.resumed : 0) | this.#sharedFlag,
      timeMs: writableTime(envelope),
      ofStatic,
      began,
      rest: new Uint8Array(packer.finish()),
      entries: envelopeEntries(envelope) + (message.data === undefined ? 0 : 1) + (unknown?.count ?? 0),
    };
    const frames = this.#frames(start, start.flags, began, skipped);
    const fellOut = this.#life.start(envelope.run);
    if (fellOut !== undefined) this.#forget(fellOut);
    this.#remember(envelope.run, start);
    return frames;
  }

  /** Gives the frames of a Stop, and forgets the run. */
  stop(message: Stop): readonly Uint8Array[] {
    const { envelope, run, reason, account, data } = message;
    const { next, skipped } = this.#life.lifecycle;
    const timeMs = writableTime(envelope);
    const unknown = keptUnknown(envelope.origin)?.ofDynamic;
    const ofStatic = this.#static(envelope);
    const sent = this.#life.hopSent(run);
    const hasData = data !== undefined;
    const left = this.#life.left();
    const entries = [left, sent, account, hasData ? data : undefined].filter((one) => one !== undefined).length;
    const packer = this.#packer;
    packer.reset(PRELUDE);
    packer.raw(ofStatic);
    beginDynamic(
      packer,
      3 + entries + envelopeEntries(envelope) + (unknown?.count ?? 0),
      envelope.origin?.sequence ?? next,
    );
    writeNext(packer, "next", this.#life.next());
    if (left !== undefined) writeNext(packer, "left", left);
    packer.string("reason");
    packer.string(reason);
    if (sent !== undefined) {
      packer.string("sent");
      packer.value(
        sent.map(({ topic, events, skipped }) => [topic, events, skipped]),
        "sent",
        1,
      );
    }
    if (account !== undefined) {
      packer.string("account");
      packer.value(account, "account", 1);
    }
    writeEnvelope(packer, envelope);
    if (hasData) writeContent(packer, "data", data);
    if (unknown !== undefined) packer.raw(unknown.bytes);
    const header = packer.finish();
    writePrelude(header, KIND.stop, flagsOf(envelope) | this.#sharedFlag, timeMs, ofStatic.length);
    writeHop(header, this.#halves, next, skipped);
    this.#life.stop(run);
    this.#forget(run);
    return this.#framed(header);
  }

  /** Forgets a Start that was written and did not go out. */
  takeBackStart(run: string): void {
    this.#life.takeBackStart(run);
    this.#forget(run);
  }

  /** Gives the Starts of the open runs as copies: with the sequence of the first time and the counters of now. */
  again(): readonly (readonly Uint8Array[])[] {
    const next = this.#life.next();
    return Array.from(this.#starts.values(), (start) =>
      this.#frames(start, start.flags | FLAG.copy | FLAG.resumed, next, 0),
    );
  }

  /** Gives a sign of life, which takes no sequence: whoever misses it misses nothing. */
  signOfLife(): readonly Uint8Array[] | undefined {
    const open = this.#life.open();
    if (open.length === 0) return undefined;
    const packer = this.#packer;
    const { next } = this.#life.lifecycle;
    const left = this.#life.left();
    packer.reset(PRELUDE);
    beginDynamic(packer, left === undefined ? 4 : 5, next);
    packer.string("stream");
    packer.string(this.#life.stream);
    writeNext(packer, "next", this.#life.next());
    if (left !== undefined) writeNext(packer, "left", left);
    packer.string("open");
    packer.value(open, "open", 1);
    const header = packer.finish();
    writePrelude(header, KIND.signOfLife, this.#sharedFlag, Number.NaN, 0);
    writeHop(header, this.#halves, next, 0);
    return this.#framed(header);
  }

  #frames(start: OpenStart, flags: number, next: ReadonlyMap<string, number>, skipped: number): readonly Uint8Array[] {
    const packer = this.#packer;
    const left = this.#life.left();
    packer.reset(PRELUDE);
    packer.raw(start.ofStatic);
    const own = left === undefined ? OWN_ENTRIES : OWN_ENTRIES + 1;
    beginDynamic(packer, own + start.entries, start.originSequence);
    packer.string("stream");
    packer.string(this.#life.stream);
    writeNext(packer, "began", start.began);
    writeNext(packer, "next", next);
    if (left !== undefined) writeNext(packer, "left", left);
    packer.raw(start.rest);
    const header = packer.finish();
    writePrelude(header, KIND.start, flags, start.timeMs, start.ofStatic.length);
    writeHop(header, this.#halves, start.sequence, skipped);
    return this.#framed(header);
  }

  #static({ run, origin }: Envelope): Uint8Array {
    const unknown = keptUnknown(origin)?.ofStatic;
    const stream = origin === undefined ? this.#life.stream : origin.stream;
    return this.#statics.of(run, stream, origin === undefined ? LIFECYCLE_TOPIC : origin.partition, undefined, unknown);
  }

  #framed(header: Uint8Array): readonly Uint8Array[] {
    return [this.#life.lifecycle.frame as Uint8Array, header];
  }

  #remember(run: string, start: OpenStart): void {
    this.#forget(run);
    this.#starts.set(run, start);
    this.#startBytes += start.rest.length;
    for (const oldest of this.#starts.keys()) {
      if (this.#startBytes <= MOST_BYTES) break;
      this.#forget(oldest);
    }
  }

  #forget(run: string): void {
    this.#startBytes -= this.#starts.get(run)?.rest.length ?? 0;
    this.#starts.delete(run);
  }
}

function flagsOf({ key }: Envelope): number {
  return key === undefined ? 0 : FLAG.key;
}
