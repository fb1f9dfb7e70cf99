import { RejectedError, text, UsageError } from "../../../errors.ts";
import { AckPrefix } from "../../../listener/ack-prefix.ts";
import { type Inlet, Listener, partitionedInlet, platformInlet } from "../../../listener/listener.ts";
import { DEFAULT_LIMITS } from "../../../message/limits.ts";
import type { AnyMessage, Message } from "../../../message/message.ts";
import { Start } from "../../../message/start.ts";
import { checkNames, nonEmptyText, oneOf, wholeNumber, wrongOption } from "../../../options/option-check.ts";
import type { Settlement } from "../../../queue/settlement.ts";
import { type Clock, systemClock } from "../../../time/clock.ts";
import { untilAborted, wait } from "../../../time/wait.ts";
import { FilePattern, type FoundFile } from "./file-pattern.ts";
import { Journal } from "./journal.ts";
import { openRecording } from "./open-recording.ts";
import { checkSpeed, type Hdf5Speed, Pace } from "./pace.ts";
import type { Recording } from "./recording.ts";

/** Says which files an `Hdf5Listener` replays, and how fast. */
export interface Hdf5ListenerOptions<M extends AnyMessage = Message> {
  /** The files, or patterns with `*` and `?` in the name: in the order of their age then. */
  readonly path: string | readonly string[];
  /**
   * The dataset of the frames, such as `/entry/instrument/detector/data`. Default: a file of an `Hdf5Publisher` is given
   * as it was written; of any other, what it says to plot, or `data`, or `data_000001` and those that follow.
   */
  readonly dataset?: string;
  /** A factor of the original speed, or `max`: as fast as it is taken. Default `max`. */
  readonly speed?: Hdf5Speed;
  /** Shortens longer silences to this, in ms, before the factor. Default: none is shortened. */
  readonly maxGapMs?: number;
  /** The time between frames of files that do not say when they came, in ms, before the factor. Default 0. */
  readonly frameMs?: number;
  /** Goes on with files that come later, instead of ending. Default false. */
  readonly follow?: boolean;
  /** For `follow`: how often is looked for files, in ms. Default 1 000. */
  readonly lookMs?: number;
  /** For `follow`: a file is complete when it has not changed for so many ms. Default 1 000. */
  readonly settleMs?: number;
  /** The file that remembers what was finished, for the next process. Default: nothing is remembered. */
  readonly journal?: string;
  /** Checks each message at run time and gives it back as `M`; what it throws rejects the message. Default: no check. */
  readonly expect?: (message: Message) => M;
}

/** Holds what tests replace. */
export interface Hdf5ListenerSurroundings {
  readonly clock?: Clock;
}

const NAMES = [
  ...["path", "dataset", "speed", "maxGapMs", "frameMs"],
  ...["follow", "lookMs", "settleMs", "journal", "expect"],
];
/** What was finished is on the disk after so many milliseconds. */
const SAVE_MS = 1_000;
const MAX_FAULTS = 1_000;

/** Replays HDF5 files: runs that were written with `Hdf5Publisher`, and frames of files that others made. */
export class Hdf5Listener<M extends AnyMessage = AnyMessage> extends Listener<M> {
  override readonly replay = "log";
  readonly #pattern: FilePattern;
  readonly #dataset: string | undefined;
  readonly #frameMs: number;
  readonly #follow: boolean;
  readonly #lookMs: number;
  readonly #settleMs: number;
  readonly #expect: ((message: Message) => M) | undefined;
  readonly #clock: Clock;
  readonly #pace: Pace;
  readonly #journal: Journal;
  /** Files that cannot be read, as they were when it was tried. */
  readonly #refused = new Set<string>();
  #isReading = false;

  constructor(options: Hdf5ListenerOptions<M>, surroundings: Hdf5ListenerSurroundings = {}) {
    super();
    const subject = "Hdf5Listener";
    checkNames(subject, options, NAMES);
    const { path, dataset, expect, journal, maxGapMs = Number.POSITIVE_INFINITY, frameMs = 0 } = options;
    const paths: readonly unknown[] = Array.isArray(path) ? path : [path];
    if (paths.length === 0) throw wrongOption(subject, "path", "a file, a pattern or a list of them", path);
    this.#pattern = new FilePattern(
      subject,
      paths.map((one) => nonEmptyText(subject, "path", one)),
    );
    this.#dataset = dataset === undefined ? undefined : nonEmptyText(subject, "dataset", dataset);
    if (expect !== undefined && typeof expect !== "function") {
      throw wrongOption(subject, "expect", "a function of a message", expect);
    }
    if (typeof maxGapMs !== "number" || !(maxGapMs >= 0)) {
      throw wrongOption(subject, "maxGapMs", "a number of milliseconds", maxGapMs);
    }
    if (typeof frameMs !== "number" || !(frameMs >= 0 && Number.isFinite(frameMs))) {
      throw wrongOption(subject, "frameMs", "a number of milliseconds", frameMs);
    }
    this.#frameMs = frameMs;
    this.#follow = oneOf(subject, "follow", options.follow, false, [true, false]);
    this.#lookMs = wholeNumber(subject, "lookMs", options.lookMs, 1_000, 1);
    this.#settleMs = wholeNumber(subject, "settleMs", options.settleMs, 1_000, 0);
    this.#expect = expect;
    this.#clock = surroundings.clock ?? systemClock;
    this.#pace = new Pace(this.#clock, checkSpeed(subject, options.speed), maxGapMs);
    this.#journal = new Journal(journal === undefined ? undefined : nonEmptyText(subject, "journal", journal));
  }

  override async start(inlet: Inlet<M>, signal: AbortSignal): Promise<void> {
    if (this.#isReading) {
      throw new UsageError("Hdf5Listener: was started already; wait until start returns, or make another listener");
    }
    if (signal.aborted) return;
    this.#isReading = true;
    const told = new Told(inlet);
    try {
      await this.#journal.load();
      await this.#play(inlet, told, signal);
    } finally {
      this.#isReading = false;
      await this.#journal.save();
    }
  }

  async #play(inlet: Inlet<M>, told: Told, signal: AbortSignal): Promise<void> {
    this.#pace.begin();
    /** Files whose messages were all put in this attempt. */
    const put = new Set<string>();
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const found = await this.#pattern.find();
      if (isFirst) {
        this.#journal.keepOnly(found);
        inlet.ready();
      }
      let isWaiting = false;
      for (const file of found) {
        if (signal.aborted) return;
        const name = `${file.path} ${file.size} ${file.mtimeMs}`;
        if (put.has(name) || this.#refused.has(name)) continue;
        if (this.#follow && this.#clock.now() - file.mtimeMs < this.#settleMs) {
          isWaiting = true;
          // Later ones wait too: the order is that of their age.
          break;
        }
        if (await this.#playFile(file, inlet, told, signal)) put.add(name);
        else this.#refused.add(name);
      }
      if (!this.#follow) return;
      await wait(this.#clock, isWaiting ? Math.min(this.#lookMs, Math.max(1, this.#settleMs)) : this.#lookMs, signal);
    }
  }

  /** Puts what is left of a file; false where it cannot be read, and others can. */
  async #playFile(file: FoundFile, inlet: Inlet<M>, told: Told, signal: AbortSignal): Promise<boolean> {
    let recording: Recording;
    try {
      recording = await openRecording(file.path, this.#dataset);
    } catch (error) {
      if (!this.#pattern.isOpen) throw error;
      told.lost(`${file.path} cannot be read: ${text(error)}; it is left out`);
      return false;
    }
    try {
      await this.#putFrom(recording, file, inlet, told, signal);
    } finally {
      await recording[Symbol.asyncDispose]();
    }
    return true;
  }

  async #putFrom(
    recording: Recording,
    file: FoundFile,
    inlet: Inlet<M>,
    told: Told,
    signal: AbortSignal,
  ): Promise<void> {
    const limits = platformInlet(inlet)?.limits ?? DEFAULT_LIMITS;
    const first = this.#journal.finished(file);
    const prefix = new AckPrefix((number) => this.#finished(file, number + 1));
    if (first > 0 && first < recording.count && recording.start !== undefined) await this.#startAgain(recording, inlet);
    let faults = 0;
    for (let number = first; number < recording.count && !signal.aborted; number += 1) {
      const settlement = prefix.track(number);
      let message: M;
      try {
        const read = await recording.read(number, limits);
        message = this.#expect === undefined ? (read as M) : this.#expect(read);
      } catch (error) {
        if (error instanceof Error && "retryable" in error && error.retryable === true) throw error;
        faults += 1;
        told.lost(`${file.path}: message ${number} is left out: ${text(error)}`);
        if (faults > MAX_FAULTS)
          throw new RejectedError(`hdf5 ${file.path}: more than ${MAX_FAULTS} faults; see above`);
        await settlement.ack();
        continue;
      }
      await this.#pace.until(timeOf(message, number, this.#frameMs), signal);
      if (signal.aborted) return;
      await this.#put(inlet, message, recording.stream, settlement, signal);
    }
  }

  async #put(inlet: Inlet<M>, message: M, stream: string, settlement: Settlement, signal: AbortSignal): Promise<void> {
    const platform = platformInlet(inlet);
    const wide = stream === "" ? undefined : platform;
    const taken =
      wide === undefined ? inlet.put(message, settlement) : wide.putDecoded({ message, stream }, settlement);
    if (taken !== undefined) await untilAborted(taken, signal);
  }

  /** Whoever goes on in the middle of a run has to know it. */
  async #startAgain({ start, stream }: Recording, inlet: Inlet<M>): Promise<void> {
    if (start === undefined) return;
    const again = new Start(start.data, { ...start.envelope, resumed: true }) as AnyMessage as M;
    const divided = partitionedInlet(inlet);
    await (divided === undefined
      ? inlet.put(again)
      : divided.takeOver({ message: again, ...(stream !== "" && { stream }) }));
  }

  #finished(file: FoundFile, messages: number): void {
    this.#journal.set(file, messages);
    this.#saveSoon();
  }

  #isSaving = false;

  #saveSoon(): void {
    if (this.#isSaving) return;
    this.#isSaving = true;
    this.#clock.after(SAVE_MS, () => {
      this.#isSaving = false;
      // Who cannot save says so at the end; until then it is tried again.
      this.#journal.save().catch(() => undefined);
    });
  }
}

/** Tells what was left out: where there is nobody to count, at least in a warning. */
class Told {
  readonly #inlet: Inlet<never>;
  #count = 0;

  constructor(inlet: object) {
    this.#inlet = inlet as Inlet<never>;
  }

  lost(message: string): void {
    this.#count += 1;
    const platform = platformInlet(this.#inlet);
    platform?.lost(1, "hdf5: cannot be read");
    if (this.#count > 100) return;
    if (platform === undefined) process.emitWarning(`Hdf5Listener: ${message}`, "ArroyoWarning");
    else platform.warn(`Hdf5Listener: ${message}`);
  }
}

function timeOf(message: AnyMessage, number: number, frameMs: number): number | undefined {
  return message.envelope.timeMs ?? (frameMs > 0 ? number * frameMs : undefined);
}
