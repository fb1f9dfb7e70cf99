import { UsageError } from "../../errors.ts";
import { AckPrefix } from "../../listener/ack-prefix.ts";
import { type Inlet, platformInlet } from "../../listener/listener.ts";
import type { Decoded } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Exchange, From, ReadOptions } from "./exchange.ts";
import { ReaderGroup } from "./reader-group.ts";
import { Reading } from "./reading.ts";
import { RetainedLog } from "./retained-log.ts";
import { Room } from "./room.ts";

/** Bounds what a log keeps. */
export interface LogBounds {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/**
 * Keeps messages, so that readers can come later and again. The oldest are trimmed when a bound is reached, and never
 * before every current reader has taken them: a publisher waits for those. A group that nobody reads for does not hold
 * anything up; what is trimmed before it came back is counted as lost.
 */
export class LogExchange implements Exchange {
  readonly #bounds: LogBounds;
  readonly #changed: () => void;
  readonly #log = new RetainedLog();
  readonly #groups = new Map<string, ReaderGroup>();
  #readings: readonly LogReading[] = [];
  /** Is closed while the log is full of what a reader has not taken. */
  readonly #room: Room = new Room(() => this.#trim());
  #ended = false;

  /** `changed` is told when a reader came or went. */
  constructor(bounds: LogBounds, changed: () => void) {
    this.#bounds = bounds;
    this.#changed = changed;
  }

  get readers(): number {
    return this.#readings.length;
  }

  get log(): RetainedLog {
    return this.#log;
  }

  get groups(): ReadonlyMap<string, ReaderGroup> {
    return this.#groups;
  }

  accept(decoded: Decoded<AnyMessage>): void | Promise<void> {
    if (this.#room.closed) return this.#acceptLater(decoded);
    this.announce(decoded);
    return this.#room.closed ? this.#room.opening() : undefined;
  }

  announce(decoded: Decoded<AnyMessage>): void {
    this.#log.append(decoded);
    const readings = this.#readings;
    for (let index = 0; index < readings.length; index += 1) (readings[index] as LogReading).pump();
    if (!this.#trim()) this.#room.close();
  }

  join(): void {}

  leave(): void {}

  async read(inlet: Inlet<AnyMessage>, options: ReadOptions, signal: AbortSignal): Promise<void> {
    const group = options.group === undefined ? undefined : this.#group(options.group);
    const position = this.#position(group, options.from);
    const { topics } = options;
    group?.begin((topic) => topics === undefined || topics.some((prefix) => topic.startsWith(prefix)));
    try {
      if (group !== undefined && position !== group.committed) group.set(position);
      inlet.ready();
      if (signal.aborted) return;
      const lost = group?.skipTrimmed() ?? 0;
      if (lost > 0) platformInlet(inlet)?.lost(lost, "trimmed from the memory channel before it was acknowledged");
      const reading = new LogReading(this.#log, inlet, options.topics, signal, {
        from: Math.max(position, this.#log.first),
        commit: group?.committer(),
        moved: () => this.#room.look(),
        left: (one) => this.#without(one),
      });
      this.#readings = [...this.#readings, reading];
      this.#changed();
      if (this.#ended) reading.finish();
      else reading.pump();
      await reading.ended;
    } finally {
      group?.leave();
    }
  }

  end(): void {
    this.#ended = true;
    for (const reading of this.#readings) reading.finish();
  }

  resume(): void {
    this.#ended = false;
  }

  clear(): void {
    this.#log.clear();
    this.#groups.clear();
  }

  async #acceptLater(decoded: Decoded<AnyMessage>): Promise<void> {
    while (this.#room.closed) await this.#room.opening();
    await this.accept(decoded);
  }

  /** Trims down to the bounds; false where a reader has still to take what is the oldest. */
  #trim(): boolean {
    const log = this.#log;
    const { maxMessages, maxBytes } = this.#bounds;
    // The newest stays, however large it is.
    while ((log.messages > maxMessages || log.bytes > maxBytes) && log.messages > 1) {
      const { first } = log;
      if (this.#readings.some((reading) => reading.position <= first)) return false;
      const trimmed = log.trim();
      if (trimmed?.message.type !== "event" || trimmed.control === true) continue;
      for (const group of this.#groups.values()) group.trim(first, trimmed.hop?.topic ?? "");
    }
    return true;
  }

  #group(name: string): ReaderGroup {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new ReaderGroup(name, () => this.#log.first);
      this.#groups.set(name, group);
    }
    return group;
  }

  #position(group: ReaderGroup | undefined, from: From): number {
    const { first, next } = this.#log;
    if (from === "committed") return group?.committed ?? first;
    if (from === "oldest") return first;
    if (from === "newest") return next;
    if (from.position <= next) return from.position;
    throw new UsageError(
      `memory channel: expected a position up to ${next}, the next message's, got ${from.position}; begin at "newest" for what comes from now on`,
    );
  }

  #without(one: LogReading): void {
    this.#readings = this.#readings.filter((reading) => reading !== one);
    this.#room.look();
    this.#changed();
  }
}

interface LogReadingOptions {
  readonly from: number;
  /** Takes the finished prefix; undefined where nothing is remembered. */
  readonly commit: ((position: number) => void) | undefined;
  moved(): void;
  left(reading: LogReading): void;
}

/** Is one reader of a log. */
class LogReading extends Reading {
  readonly #log: RetainedLog;
  readonly #options: LogReadingOptions;
  readonly #prefix: AckPrefix | undefined;
  /** Starts of the runs that are open where this reader begins. */
  readonly #starts: Decoded<AnyMessage>[];
  #position: number;
  #pumping = false;
  #finishing = false;

  constructor(
    log: RetainedLog,
    inlet: Inlet<AnyMessage>,
    topics: readonly string[] | undefined,
    signal: AbortSignal,
    options: LogReadingOptions,
  ) {
    super(inlet, topics, signal);
    this.#log = log;
    this.#options = options;
    this.#prefix = options.commit === undefined ? undefined : new AckPrefix(options.commit);
    this.#position = options.from;
    this.#starts = [...log.openAt(options.from)];
  }

  /** The position of the message that is put next. */
  get position(): number {
    return this.#position;
  }

  /** Puts as much as there is room for. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.full && !this.over) if (!this.#putNext()) break;
    this.#pumping = false;
  }

  /** Leaves after everything that was published has been taken. */
  finish(): void {
    this.#finishing = true;
    this.pump();
  }

  protected override room(): void {
    this.pump();
    this.#options.moved();
  }

  protected override left(): void {
    this.#options.left(this);
  }

  #putNext(): boolean {
    const start = this.#starts.shift();
    if (start !== undefined) {
      this.give(start);
      return true;
    }
    const position = this.#position;
    const decoded = this.#log.at(position);
    if (decoded === undefined) {
      if (this.#finishing) this.end();
      return false;
    }
    this.#position = position + 1;
    if (this.follows(decoded)) this.give(decoded, this.#prefix?.track(position));
    return true;
  }
}
