import { UsageError } from "../../../errors.ts";
import type { Codec, Writer } from "../../../message/codec.ts";
import type { AnyMessage, Message } from "../../../message/message.ts";
import { nativeCodec } from "../../../message/native/native-codec.ts";
import { checkNames, nonEmptyText, oneOf, shown, wholeNumber } from "../../../options/option-check.ts";
import { Publisher } from "../../../publisher/publisher.ts";
import { type Clock, systemClock } from "../../../time/clock.ts";
import { type Disk, REAL_DISK } from "../disk.ts";
import { CaptureWriter } from "./capture-writer.ts";
import { RunMarks } from "./run-marks.ts";

/** When what was recorded is brought to the disk. */
export type CaptureSync = "close" | "interval" | "message";

/** Says where a `CapturePublisher` records, and how safely. */
export interface CapturePublisherOptions {
  /** The file. Further segments stand beside it, with a number before the ending. One that is there is gone on with. */
  readonly path: string;
  /** The form of the recorded frames. Default: the native one. `rawCodec` records what a raw listener brings as it came. */
  readonly codec?: Codec;
  /** What the frames are where `codec` is raw, so that runs can be found by name and a replay knows how to read them. */
  readonly format?: Codec;
  /** The name of the stream. Default: the block's name. */
  readonly stream?: string;
  /** A file that has become so long is closed and the next one begun. In bytes; default 1 GiB. */
  readonly segmentBytes?: number;
  /** What has checksums: `all`, or only `headers`, marks and indexes. Default `all`. */
  readonly checksum?: "all" | "headers";
  /**
   * When the file is brought to the disk: `close` when it is closed, `interval` also every `syncMs`, `message` before a
   * message counts as published. Only `message` confirms. Default `interval`. Native name: fdatasync.
   */
  readonly sync?: CaptureSync;
  /** For `interval`: milliseconds. Default 1 000. */
  readonly syncMs?: number;
}

/** The values that hold unless others are given. */
export const CAPTURE_DEFAULTS: Readonly<
  Required<Pick<CapturePublisherOptions, "segmentBytes" | "checksum" | "sync" | "syncMs">>
> = Object.freeze({ segmentBytes: 1024 ** 3, checksum: "all", sync: "interval", syncMs: 1_000 });

/** Holds what tests replace. */
export interface CaptureSurroundings {
  readonly disk?: Disk;
  readonly clock?: Clock;
}

const NAMES = ["path", "codec", "format", "stream", "segmentBytes", "checksum", "sync", "syncMs"];
const MIN_SEGMENT_BYTES = 64 * 1024;
/** What was published is in the file after so many milliseconds, whatever `sync` says. */
const WRITE_MS = 10;
/** So much is gathered before it is written without waiting for the timer, and so much may wait at all. */
const WRITE_BYTES = 1024 * 1024;
const MAX_PENDING_BYTES = 4 * WRITE_BYTES;

/** Records a stream as it was: the frames of every message, and when it came. */
export class CapturePublisher<M extends AnyMessage = Message> extends Publisher<M> {
  /** True with `sync: "message"`. */
  override readonly confirms: boolean;
  override readonly codec: Codec;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #sync: CaptureSync;
  readonly #syncMs: number;
  readonly #format: Codec | undefined;
  readonly #makeWriter: () => CaptureWriter;
  #writer: CaptureWriter | undefined;
  #marks: RunMarks;
  /** The writer of the life that recorded last; a new life is another stream. */
  #life: Writer | undefined;
  #isOpen = false;
  /** What went wrong in the background; the next message is told. */
  #trouble: { readonly error: unknown } | undefined;
  #cancelWrite: (() => void) | undefined;
  #cancelSync: (() => void) | undefined;

  constructor(options: CapturePublisherOptions, surroundings: CaptureSurroundings = {}) {
    super();
    const subject = "CapturePublisher";
    checkNames(subject, options, NAMES);
    const { codec = nativeCodec, format, stream = "" } = options;
    const path = nonEmptyText(subject, "path", options.path);
    const segmentBytes = wholeNumber(
      subject,
      "segmentBytes",
      options.segmentBytes,
      CAPTURE_DEFAULTS.segmentBytes,
      MIN_SEGMENT_BYTES,
    );
    const checksum = oneOf(subject, "checksum", options.checksum, CAPTURE_DEFAULTS.checksum, ["all", "headers"]);
    if (typeof codec?.writer !== "function")
      throw new UsageError(`${subject}: codec: expected a codec, got ${shown(codec)}`);
    if (format !== undefined && (typeof format?.reader !== "function" || codec.name !== "raw")) {
      throw new UsageError(
        `${subject}: format: expected a codec, beside codec: rawCodec; leave it out for ${codec.name}`,
      );
    }
    this.#sync = oneOf(subject, "sync", options.sync, CAPTURE_DEFAULTS.sync, ["close", "interval", "message"]);
    this.#syncMs = wholeNumber(subject, "syncMs", options.syncMs, CAPTURE_DEFAULTS.syncMs, 1);
    this.confirms = this.#sync === "message";
    // One sync for a whole batch is worth it; without one, message by message is the shorter way.
    if (!this.confirms) this.publishBatch = Publisher.prototype.publishBatch;
    this.codec = codec;
    this.stream = stream;
    this.#path = path;
    this.#format = format;
    this.#marks = new RunMarks(format);
    const { disk = REAL_DISK, clock = systemClock } = surroundings;
    this.#clock = clock;
    this.#makeWriter = () =>
      new CaptureWriter({
        path,
        segmentBytes,
        checksBodies: checksum === "all",
        facts: { codec: (format ?? codec).name, stream: this.stream, madeBy: "arroyojs" },
        disk,
        now: () => clock.now(),
        warn: (message) => this.warn(`CapturePublisher: ${message}`),
      });
  }

  override async open(signal: AbortSignal): Promise<void> {
    if (this.#isOpen) throw new UsageError("CapturePublisher: is open already; close it first");
    signal.throwIfAborted();
    const life = this.writer;
    if (life !== this.#life) {
      this.#writer = undefined;
      this.#marks = new RunMarks(this.#format);
    }
    this.#writer ??= this.#makeWriter();
    const wasThere = await this.#writer.open();
    this.#isOpen = true;
    this.#trouble = undefined;
    // Runs that an earlier life left open will not go on: their Stops would have to come from it.
    if (wasThere && life !== this.#life && this.codec.name !== "raw") this.#writer.mark("over", "", this.#clock.now());
    this.#life = life;
    if (this.#sync === "interval") this.#syncLater();
  }

  override publish(message: M): void | Promise<void> {
    const writer = this.#checked();
    const { place } = writer;
    try {
      const wait = this.#record(writer, message);
      if (wait !== undefined || this.confirms) return this.#safely(writer, place, wait);
    } catch (error) {
      writer.rollBack(place);
      throw error;
    }
    return undefined;
  }

  override publishBatch(messages: readonly M[]): void | Promise<void> {
    if (messages.length === 0) return undefined;
    const writer = this.#checked();
    const { place } = writer;
    const all = async (): Promise<void> => {
      for (const message of messages) {
        const wait = this.#record(writer, message);
        if (wait !== undefined) await wait;
      }
    };
    return this.#safely(writer, place, all());
  }

  override async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#cancelWrite?.();
    this.#cancelSync?.();
    this.#cancelWrite = undefined;
    this.#cancelSync = undefined;
    await this.#writer?.close();
  }

  /** Adds all wire messages of a message; a promise where something has to be waited for. */
  #record(writer: CaptureWriter, message: M): void | Promise<void> {
    const wires = this.encode(message);
    for (let index = 0; index < wires.length; index += 1) {
      const frames = wires[index] as readonly Uint8Array[];
      if (writer.isFull(frames)) return this.#recordSlowly(writer, message, wires.slice(index), index === 0);
      const wait = this.#add(writer, message, frames, index === 0);
      if (wait === undefined) continue;
      return index + 1 === wires.length
        ? wait
        : this.#recordSlowly(writer, message, wires.slice(index + 1), false, wait);
    }
    return undefined;
  }

  async #recordSlowly(
    writer: CaptureWriter,
    message: M,
    wires: readonly (readonly Uint8Array[])[],
    hasFirst: boolean,
    before?: Promise<void>,
  ): Promise<void> {
    await before;
    for (const [index, frames] of wires.entries()) {
      if (writer.isFull(frames)) await writer.rotate();
      await this.#add(writer, message, frames, hasFirst && index === 0);
    }
  }

  #add(writer: CaptureWriter, message: M, frames: readonly Uint8Array[], isFirst: boolean): Promise<void> | undefined {
    const timeMs = this.#clock.now();
    const marks = this.#marks.of(message, frames, isFirst);
    for (let index = 0; index < marks.length; index += 1) {
      const { is, run } = marks[index] as { is: "start" | "stop"; run: string };
      writer.mark(is, run, timeMs);
    }
    const isLarge = writer.message(frames, timeMs);
    // Large frames are written from where they are, and may be used for something else once this is over.
    if (isLarge || writer.pending > MAX_PENDING_BYTES) return writer.drain();
    if (writer.pending >= WRITE_BYTES) this.#write(writer);
    else if (this.#cancelWrite === undefined) this.#writeLater(writer);
    return undefined;
  }

  /** Waits until the message is as safe as is promised; takes it back where it cannot be. */
  async #safely(writer: CaptureWriter, place: CaptureWriter["place"], recorded: void | Promise<void>): Promise<void> {
    try {
      await recorded;
      if (this.confirms) await writer.sync();
    } catch (error) {
      writer.rollBack(place);
      throw error;
    }
  }

  #checked(): CaptureWriter {
    const writer = this.#writer;
    if (writer === undefined || !this.#isOpen) {
      throw new UsageError(`CapturePublisher: ${this.#path} is not open; open it before publishing`);
    }
    const trouble = this.#trouble;
    if (trouble !== undefined) {
      this.#trouble = undefined;
      throw trouble.error;
    }
    return writer;
  }

  #writeLater(writer: CaptureWriter): void {
    this.#cancelWrite = this.#clock.after(WRITE_MS, () => {
      this.#cancelWrite = undefined;
      this.#write(writer);
    });
  }

  #write(writer: CaptureWriter): void {
    writer.drain().catch((error: unknown) => this.#failed(error));
  }

  #syncLater(): void {
    this.#cancelSync = this.#clock.after(this.#syncMs, () => {
      this.#cancelSync = undefined;
      const writer = this.#writer;
      if (writer === undefined || !this.#isOpen) return;
      const done = (): void => {
        if (this.#isOpen && this.#cancelSync === undefined) this.#syncLater();
      };
      if (writer.isSynced) return done();
      writer
        .sync()
        .catch((error: unknown) => this.#failed(error))
        .finally(done);
    });
  }

  #failed(error: unknown): void {
    if (this.#isOpen) this.#trouble ??= { error };
  }
}
