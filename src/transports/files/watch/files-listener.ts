import { join } from "node:path";
import { text, UsageError } from "../../../errors.ts";
import { type Inlet, Listener, type PlatformInlet, platformInlet } from "../../../listener/listener.ts";
import type { Codec } from "../../../message/codec.ts";
import { DEFAULT_LIMITS } from "../../../message/limits.ts";
import type { AnyMessage } from "../../../message/message.ts";
import { checkNames, nonEmptyText, oneOf, shown, wholeNumber } from "../../../options/option-check.ts";
import type { Settlement } from "../../../queue/settlement.ts";
import { type Clock, systemClock } from "../../../time/clock.ts";
import { untilAborted, wait } from "../../../time/wait.ts";
import type { CaptureSurroundings } from "../capture/capture-publisher.ts";
import { codeOf, type Disk, diskError, REAL_DISK } from "../disk.ts";
import { Growth } from "../growth.ts";
import { contentOf } from "./file-content.ts";
import { describeFile, type FileEvent, filesCodec } from "./files-codec.ts";
import { lookAt, type SeenFile } from "./folder-look.ts";
import { Journal } from "./journal.ts";
import { type PathTest, pathTest } from "./pattern.ts";
import { Settling } from "./settling.ts";

/** Says which files a `FilesListener` brings, and when. */
export interface FilesListenerOptions {
  /** The folder that is watched. */
  readonly folder: string;
  /** Which files: glob patterns such as `*.tif`, `run-*\/*.{cbf,h5}`, `!*.part`. Default: all but hidden ones. */
  readonly patterns?: string | readonly string[];
  /** Whether folders in the folder are watched too. Default true. */
  readonly recursive?: boolean;
  /** A file is complete when its size and time stayed the same for so many ms, or it was renamed. Default 1 000. */
  readonly settleMs?: number;
  /** The folder is looked at this often, in ms, also where the system does not tell of changes. Default 1 000. */
  readonly lookMs?: number;
  /** Goes on with files that come later, instead of ending when all that are there have been read. Default true. */
  readonly watch?: boolean;
  /**
   * The file that remembers what was finished; `false`: a new process reads everything again. Default
   * `.arroyo-files.journal` in the folder.
   */
  readonly journal?: string | false;
  /** A larger file is rejected, and counted. In bytes; default, and most: the block's `maxMessageBytes`, 256 MiB. */
  readonly maxFileBytes?: number;
  /** The most files that the folder may have. Default 1 000 000. */
  readonly maxFiles?: number;
}

const NAMES = [
  ...["folder", "patterns", "recursive", "settleMs", "lookMs", "watch"],
  ...["journal", "maxFileBytes", "maxFiles"],
];
const JOURNAL = ".arroyo-files.journal";
/** A look takes at most a tenth of the time. */
const REST_FACTOR = 9;
const MAX_TOLD = 100;

type Wide = Pick<PlatformInlet<AnyMessage>, "ready" | "putFrames" | "lost" | "warn" | "limits">;

/** Brings in files as events: each new one once it is complete, with its bytes as payload. */
export class FilesListener extends Listener<FileEvent> {
  /** What was not acknowledged comes again. */
  override readonly replay = "unacked";
  override readonly codec: Codec = filesCodec;
  readonly #folder: string;
  readonly #isMeant: PathTest;
  readonly #isRecursive: boolean;
  readonly #settleMs: number;
  readonly #lookMs: number;
  readonly #watches: boolean;
  readonly #maxFileBytes: number;
  readonly #maxFiles: number;
  readonly #disk: Disk;
  readonly #journal: Journal;
  readonly #clock: Clock;
  #isReading = false;
  #told = 0;

  constructor(options: FilesListenerOptions, surroundings: CaptureSurroundings = {}) {
    super();
    const subject = "FilesListener";
    checkNames(subject, options, NAMES);
    const { journal } = options;
    this.#folder = nonEmptyText(subject, "folder", options.folder);
    this.#isMeant = pathTest(checkedPatterns(subject, options.patterns));
    this.#isRecursive = oneOf(subject, "recursive", options.recursive, true, [true, false]);
    this.#settleMs = wholeNumber(subject, "settleMs", options.settleMs, 1_000, 0);
    this.#lookMs = wholeNumber(subject, "lookMs", options.lookMs, 1_000, 1);
    this.#watches = oneOf(subject, "watch", options.watch, true, [true, false]);
    this.#maxFileBytes = wholeNumber(subject, "maxFileBytes", options.maxFileBytes, Number.MAX_SAFE_INTEGER, 1);
    this.#maxFiles = wholeNumber(subject, "maxFiles", options.maxFiles, 1_000_000, 1);
    this.#clock = surroundings.clock ?? systemClock;
    const path = journal === undefined ? join(this.#folder, JOURNAL) : journal;
    this.#disk = surroundings.disk ?? REAL_DISK;
    this.#journal = new Journal(this.#disk, path === false ? undefined : nonEmptyText(subject, "journal", path));
  }

  override async start(inlet: Inlet<FileEvent>, signal: AbortSignal): Promise<void> {
    if (this.#isReading) {
      throw new UsageError("FilesListener: was started already; wait until start returns, or make another listener");
    }
    if (signal.aborted) return;
    this.#isReading = true;
    const growth = new Growth(this.#clock, join(this.#folder, JOURNAL), this.#lookMs);
    const wide = widened(inlet);
    try {
      // A folder that is not there must not be made by its journal.
      await this.#disk.stat(this.#folder);
      const fault = await this.#journal.open();
      if (fault !== undefined) this.#tell(wide, fault);
      await this.#read(wide, growth, signal);
    } catch (error) {
      throw diskError(`FilesListener: ${this.#folder}`, "looking", error);
    } finally {
      growth.close();
      this.#isReading = false;
      await this.#journal.close();
    }
  }

  async #read(inlet: Wide, growth: Growth, signal: AbortSignal): Promise<void> {
    const settling = new Settling(this.#settleMs, this.#isMeant, (file) => this.#journal.has(file.path, file));
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const beganMs = this.#clock.now();
      const found = await lookAt(this.#folder, this.#isRecursive, this.#maxFiles, signal);
      const nowMs = this.#clock.now();
      if (signal.aborted) return;
      if (isFirst) await this.#journal.keepOnly((path) => found.has(path));
      const { ready, renamed, gone, waitMs } = settling.look(found, nowMs);
      if (isFirst) inlet.ready();
      for (const file of renamed) await this.#journal.add(file.path, file);
      if (gone > 0) inlet.lost(gone, "removed before it was read");
      let isAgain = false;
      for (const file of ready) {
        if (signal.aborted) return;
        isAgain = !(await this.#bring(file, settling, inlet, signal)) || isAgain;
      }
      if (!this.#watches && waitMs === undefined && !isAgain) return;
      if (ready.length > 0) continue;
      const restMs = Math.max(1, REST_FACTOR * (nowMs - beganMs));
      await wait(this.#clock, Math.min(restMs, this.#lookMs), signal);
      // What settles is looked at when it may be done; changes of it meanwhile change nothing.
      if (waitMs !== undefined) await wait(this.#clock, Math.max(1, Math.min(waitMs, this.#lookMs)), signal);
      else if (!isAgain) await growth.next(signal);
    }
  }

  /** Hands a file over; false where it has to settle again. */
  async #bring(file: SeenFile, settling: Settling, inlet: Wide, signal: AbortSignal): Promise<boolean> {
    const { path, size } = file;
    const maxBytes = Math.min(this.#maxFileBytes, inlet.limits.maxMessageBytes);
    const settlement: Settlement = { ack: () => this.#journal.add(path, file), nack: () => undefined };
    let frames: readonly Uint8Array[];
    if (size > maxBytes) {
      this.#tell(inlet, `${path} is left out: it has ${size} bytes, and at most ${maxBytes} are taken`);
      frames = [describeFile(file, `the file has more than ${maxBytes} bytes`)];
    } else {
      const content = await this.#content(file, settling, inlet);
      if (content === undefined) return false;
      if (content === "unreadable") return true;
      if (signal.aborted) return true;
      frames = [describeFile(file), content];
    }
    settling.given(file);
    const wait = inlet.putFrames(frames, settlement);
    if (wait !== undefined) await untilAborted(wait, signal);
    return true;
  }

  async #content(file: SeenFile, settling: Settling, inlet: Wide): Promise<Uint8Array | "unreadable" | undefined> {
    try {
      const content = await contentOf(join(this.#folder, file.path), file);
      if (content === undefined) settling.again(file);
      return content;
    } catch (error) {
      if (codeOf(error) === "ENOENT") {
        settling.again(file);
        inlet.lost(1, "removed before it was read");
        return undefined;
      }
      settling.failed(file);
      this.#tell(inlet, `${file.path} cannot be read: ${text(error)}; it is tried again when it changes`);
      return "unreadable";
    }
  }

  #tell(inlet: Wide, message: string): void {
    this.#told += 1;
    if (this.#told <= MAX_TOLD) inlet.warn(`FilesListener: ${this.#folder}: ${message}`);
  }
}

function checkedPatterns(subject: string, given: unknown): readonly string[] {
  const patterns: unknown = given === undefined ? ["**"] : typeof given === "string" ? [given] : given;
  if (Array.isArray(patterns) && patterns.length > 0 && patterns.every((one) => typeof one === "string")) {
    return patterns as string[];
  }
  throw new UsageError(`${subject}: patterns: expected a glob pattern or a list of them, got ${shown(given)}`);
}

/** Outside of a block there is nobody to tell more than the messages. */
function widened(inlet: Inlet<FileEvent>): Wide {
  const platform = platformInlet(inlet);
  if (platform !== undefined) return platform as unknown as Wide;
  return {
    limits: DEFAULT_LIMITS,
    ready: () => inlet.ready(),
    putFrames: (frames, settlement) => inlet.putFrames(frames, settlement),
    lost: (files, reason) => process.emitWarning(`FilesListener: ${files} files: ${reason}`, "ArroyoWarning"),
    warn: (message) => process.emitWarning(message, "ArroyoWarning"),
  };
}
