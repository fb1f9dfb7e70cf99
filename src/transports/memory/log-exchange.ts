import { UsageError } from "../../errors.ts";
import { type Inlet, platformInlet } from "../../listener/listener.ts";
import type { Decoded } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Exchange, From, ReadOptions } from "./exchange.ts";
import { LogReading } from "./log-reading.ts";
import { ReaderGroup } from "./reader-group.ts";
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
      if (options.from !== "committed" || group?.committed === undefined) group?.set(position);
      inlet.ready();
      if (signal.aborted) return;
      const asked = options.from === "committed" ? 0 : Math.max(0, this.#log.first - position);
      const lost = (group?.skipTrimmed() ?? 0) + asked;
      if (lost > 0) platformInlet(inlet)?.lost(lost, "trimmed from the memory channel before it was read");
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
