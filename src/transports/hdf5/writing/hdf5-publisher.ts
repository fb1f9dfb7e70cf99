import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { UsageError } from "../../../errors.ts";
import type { AnyMessage, Message } from "../../../message/message.ts";
import type { Start } from "../../../message/start.ts";
import { checkNames, nonEmptyText, oneOf, wholeNumber } from "../../../options/option-check.ts";
import { Publisher } from "../../../publisher/publisher.ts";
import { type Clock, systemClock } from "../../../time/clock.ts";
import { diskFault } from "../disk-fault.ts";
import { giveName, isThere, syncFolder } from "./finished-place.ts";
import type { OpenFile } from "./growing-file.ts";
import { leftoversIn, unfinishedPath } from "./leftovers.ts";
import { type OpenRun, OpenRuns } from "./open-runs.ts";
import { PathPattern } from "./path-pattern.ts";
import { RunFile } from "./run-file.ts";
import { isOfRun, startOriginOf } from "./same-run.ts";
import type { FrameCompression } from "./stored-chunk.ts";

/** When what was published is brought to the disk: each `syncMs`, or before a message counts as published. */
export type Hdf5Sync = "interval" | "message";

/** Says where a `Hdf5Publisher` writes, and how safely. */
export interface Hdf5PublisherOptions {
  /**
   * The file of a run, such as `/data/{stream}/{run}.nxs`. Places: `{run}`, `{stream}`, `{date}` and `{time}` (UTC) of the
   * Start. Where a file of another run has the name, a number follows it.
   */
  readonly path: string;
  /** The application definition of NeXus that the messages keep to, as `entry/definition`. Default: none is claimed. */
  readonly definition?: string;
  /** What becomes of frames that come uncompressed: `keep`, or `bslz4`. Compressed ones stay as they came. Default `keep`. */
  readonly compression?: FrameCompression;
  /**
   * When what came can be read and is on the disk: `interval` each `syncMs` and at the Stop, `message` before a message
   * counts as published. Only `message` confirms each; a finished run is safe with both. Default `interval`.
   */
  readonly sync?: Hdf5Sync;
  /** For `interval`: milliseconds. Default 1 000. */
  readonly syncMs?: number;
  /** The name of the stream. Default: the block's name. */
  readonly stream?: string;
}

/** The values that hold unless others are given. */
export const HDF5_DEFAULTS: Readonly<Required<Pick<Hdf5PublisherOptions, "compression" | "sync" | "syncMs">>> =
  Object.freeze({ compression: "keep", sync: "interval", syncMs: 1_000 });

/** Holds what tests replace. */
export interface Hdf5Surroundings {
  readonly clock?: Clock;
  readonly open?: OpenFile;
}

const NAMES = ["path", "definition", "compression", "sync", "syncMs", "stream"];
const MAX_OPEN = 256;
const MAX_NAMED = 10;

/** Writes an HDF5 file for each run, in the form of NeXus. */
export class Hdf5Publisher<M extends AnyMessage = Message> extends Publisher<M> {
  /** True with `sync: "message"`. */
  override readonly confirms: boolean;
  /** A Stop counts as published when its whole run is on the disk. */
  override readonly confirmsRuns = true;
  readonly #pattern: PathPattern;
  readonly #definition: string | undefined;
  readonly #compression: FrameCompression;
  readonly #sync: Hdf5Sync;
  readonly #syncMs: number;
  readonly #clock: Clock;
  readonly #openFile: OpenFile | undefined;
  readonly #life = randomBytes(6).toString("hex");
  #files = 0;
  #runs = new OpenRuns();
  #isOpen = false;
  /** What failed attempts had added already, and how often: it is not added once more. */
  #added = new Map<AnyMessage, number>();
  /** What is written in the background. */
  #background: Promise<void> | undefined;
  #cancelSync: (() => void) | undefined;
  /** True while a message is being added. */
  #isAdding = false;
  /** True where the time came to write everything, and a message was being added. */
  #isDue = false;

  constructor(options: Hdf5PublisherOptions, surroundings: Hdf5Surroundings = {}) {
    super();
    const subject = "Hdf5Publisher";
    checkNames(subject, options, NAMES);
    const { definition, stream } = options;
    this.#pattern = new PathPattern(subject, nonEmptyText(subject, "path", options.path));
    this.#definition = definition === undefined ? undefined : nonEmptyText(subject, "definition", definition);
    this.#compression = oneOf(subject, "compression", options.compression, HDF5_DEFAULTS.compression, [
      "keep",
      "bslz4",
    ]);
    this.#sync = oneOf(subject, "sync", options.sync, HDF5_DEFAULTS.sync, ["interval", "message"]);
    this.#syncMs = wholeNumber(subject, "syncMs", options.syncMs, HDF5_DEFAULTS.syncMs, 1);
    this.confirms = this.#sync === "message";
    // One sync for a whole batch is worth it; without one, message by message is the shorter way.
    if (!this.confirms) this.publishBatch = Publisher.prototype.publishBatch;
    this.stream = stream === undefined ? "" : nonEmptyText(subject, "stream", stream);
    this.#clock = surroundings.clock ?? systemClock;
    this.#openFile = surroundings.open;
  }

  /** A new life has nothing to do with the runs of the one before. */
  override begin(stream: string): void {
    super.begin(stream);
    this.#runs = new OpenRuns();
    this.#added.clear();
  }

  override async open(signal: AbortSignal): Promise<void> {
    if (this.#isOpen) throw new UsageError("Hdf5Publisher: is open already; close it first");
    signal.throwIfAborted();
    const { folder, depth } = this.#pattern.fixed;
    if (!(await isThere(folder))) {
      throw diskFault(folder, "opening the folder", Object.assign(new Error(), { code: "ENOENT" }));
    }
    await this.#nameLeftovers(folder, depth);
    signal.throwIfAborted();
    this.#isOpen = true;
    if (this.#sync === "interval") this.#syncLater();
  }

  override async publish(message: M): Promise<void> {
    await this.#take([message]);
  }

  override publishBatch(messages: readonly M[]): void | Promise<void> {
    return this.#take(messages);
  }

  override async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#cancelSync?.();
    this.#cancelSync = undefined;
    await this.#background;
    const failures: unknown[] = [];
    for (const open of [...this.#runs.all]) {
      try {
        // A Stop of these will not come; of all others it still may, once this is opened again.
        if (open.hasStart) await open.file.flush(true);
        else await this.#finish(open, undefined);
      } catch (error) {
        failures.push(error);
      }
      await open.file.close().catch(() => undefined);
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Adds messages, and makes them as safe as is promised. */
  async #take(messages: readonly M[]): Promise<void> {
    if (!this.#isOpen) throw new UsageError("Hdf5Publisher: is not open; open it before publishing");
    await this.#background;
    this.#isAdding = true;
    const before = new Map(this.#added);
    try {
      const touched = new Set<OpenRun>();
      for (const message of messages) {
        const run = await this.#addOnce(message, before);
        // Nobody gives a whole run again for what belongs to none.
        if (run !== undefined && (this.confirms || !run.hasStart)) touched.add(run);
      }
      for (const { file } of touched) await file.flush(true);
      if (this.#isDue) await this.#flushAll();
      for (const message of messages) count(this.#added, message, -1);
    } finally {
      this.#isAdding = false;
    }
  }

  async #addOnce(message: AnyMessage, before: Map<AnyMessage, number>): Promise<OpenRun | undefined> {
    if (before.has(message)) {
      count(before, message, -1);
      return this.#runOf(message);
    }
    const run = await this.#add(message);
    count(this.#added, message, 1);
    return run;
  }

  /** Adds a message; what fails has not been added. */
  async #add(message: AnyMessage): Promise<OpenRun | undefined> {
    if (message.type === "start") return this.#begin(message);
    const open = this.#runOf(message);
    if (message.type === "stop") {
      if (open !== undefined) await this.#finish(open, message);
      return undefined;
    }
    const run = open ?? (await this.#make(message, undefined));
    await run.file.add(message);
    return run;
  }

  async #begin(start: Start<unknown>): Promise<OpenRun> {
    const before = this.#runs.same(start.run, start.envelope.origin?.stream);
    if (before !== undefined) await this.#finish(before, undefined);
    return this.#make(start, start);
  }

  async #make(message: AnyMessage, start: Start<unknown> | undefined): Promise<OpenRun> {
    if (this.#runs.all.length >= MAX_OPEN) {
      throw new UsageError(`Hdf5Publisher: ${MAX_OPEN} runs are open already; see to it that their Stops come`);
    }
    const nowMs = this.#clock.now();
    const { run } = message;
    const origin = message.envelope.origin?.stream;
    const stream = origin ?? this.stream;
    const timeMs = calendarTime(message.envelope.timeMs, nowMs);
    const path = this.#pattern.of({ run: run ?? "no-run", stream, timeMs });
    const startOrigin = start === undefined ? "" : startOriginOf(start);
    this.#files += 1;
    const life = `${this.#life.slice(0, 8)}${(this.#files % 0x10000).toString(16).padStart(4, "0")}`;
    const unfinished = unfinishedPath(path, life);
    let file: RunFile;
    try {
      await mkdir(dirname(path), { recursive: true });
      file = await RunFile.create({
        path: unfinished,
        run,
        start,
        startOrigin,
        stream,
        definition: this.#definition,
        compression: this.#compression,
        nowMs,
        ...(this.#openFile !== undefined && { open: this.#openFile }),
      });
    } catch (error) {
      throw diskFault(unfinished, "making the file", error);
    }
    const open: OpenRun = {
      run,
      stream: origin,
      file,
      path,
      hasStart: start !== undefined,
      // What begins in the middle must never take the place of a whole run.
      replaces: start !== undefined && !start.resumed,
      startOrigin,
      name: undefined,
    };
    this.#runs.add(open);
    return open;
  }

  async #finish(open: OpenRun, stop: Parameters<RunFile["finish"]>[0]): Promise<void> {
    const { file, path, replaces, startOrigin } = open;
    await file.finish(stop, this.#clock.now());
    open.name ??= await giveName(file.path, path, async (name) => replaces && (await isOfRun(name, startOrigin)));
    await syncFolder(open.name);
    this.#runs.remove(open);
  }

  #runOf(message: AnyMessage): OpenRun | undefined {
    return this.#runs.find(message.run, message.envelope.origin?.stream);
  }

  async #nameLeftovers(folder: string, depth: number): Promise<void> {
    const own = new Set(this.#runs.all.map(({ file }) => file.path));
    const found = (await leftoversIn(folder, depth)).filter((path) => !own.has(path));
    if (found.length === 0) return;
    const named = found.slice(0, MAX_NAMED).join(", ");
    const others = found.length > MAX_NAMED ? ` and ${found.length - MAX_NAMED} others` : "";
    this.warn(
      `Hdf5Publisher: unfinished: ${named}${others}; another process writes them, or was ended before their Stops ` +
        "came: what came until shortly before can be read, and who needs it can rename the file",
    );
  }

  #syncLater(): void {
    this.#cancelSync = this.#clock.after(this.#syncMs, () => {
      this.#cancelSync = undefined;
      this.#background = this.#syncAll().finally(() => {
        this.#background = undefined;
        if (this.#isOpen && this.#cancelSync === undefined) this.#syncLater();
      });
    });
  }

  async #flushAll(): Promise<void> {
    this.#isDue = false;
    for (const { file } of [...this.#runs.all]) await file.flush(true);
  }

  async #syncAll(): Promise<void> {
    this.#isDue = this.#isAdding;
    if (this.#isDue) return;
    try {
      await this.#flushAll();
    } catch {
      // What could not be written is kept, and whoever publishes next is told by the same error.
    }
  }
}

/** Gives a time that a calendar has. */
function calendarTime(timeMs: number | undefined, nowMs: number): number {
  const wanted = timeMs ?? nowMs;
  // Years of four digits make paths of one length.
  return wanted >= 0 && wanted < 253_402_300_800_000 ? wanted : nowMs;
}

function count(counts: Map<AnyMessage, number>, message: AnyMessage, by: number): void {
  const now = (counts.get(message) ?? 0) + by;
  if (now > 0) counts.set(message, now);
  else counts.delete(message);
}
