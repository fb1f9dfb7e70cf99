import { randomBytes } from "node:crypto";
import { UsageError } from "../../errors.ts";
import type { Sent } from "../account.ts";
import type { HopSent, WriterOptions } from "../codec.ts";
import { checkTopic, LIFECYCLE_TOPIC } from "./topic.ts";

/** Counts the messages under one topic. */
export interface TopicLife {
  readonly name: string;
  /** The topic as a frame; undefined for events without a topic. */
  readonly frame: Uint8Array | undefined;
  /** The sequence of the next message. */
  next: number;
  /** How many messages were left out just before it. */
  skipped: number;
}

/** Counts what was sent of one run under one topic. */
interface RunTopic {
  readonly topic: TopicLife;
  events: number;
  skipped: number;
  /** The first sequence of an event that has its origin here, and the number after the last; -1 without any. */
  from: number;
  to: number;
  /** Events that have their origin here. */
  own: number;
}

const MOST_TOPICS = 4096;
/** As many as a reader keeps open by default. */
const MOST_RUNS = 64;

/**
 * Counts what one life of a publisher sends: a sequence for each topic, what was left out, and the events of each open
 * run. A message is counted after it was made, so that one that cannot be made takes no number.
 */
export class PublisherLife {
  /** The random id of this life. */
  readonly incarnation: string;
  /** The name of the stream. */
  readonly stream: string;
  /** The topic of Starts and Stops. */
  readonly lifecycle: TopicLife = newTopic(LIFECYCLE_TOPIC);
  readonly #topics: Map<string, TopicLife> = new Map();
  readonly #runs: Map<string, Map<string, RunTopic>> = new Map();
  #lastTopic: TopicLife | undefined;
  #lastRun: string | undefined;
  #lastRunTopic: RunTopic | undefined;

  constructor(options: WriterOptions = {}) {
    this.incarnation = options.random?.() ?? randomBytes(8).toString("hex");
    if (!/^[0-9a-f]{16}$/.test(this.incarnation)) {
      throw new UsageError(`incarnation: expected 16 hexadecimal digits, got ${JSON.stringify(this.incarnation)}`);
    }
    this.stream = options.stream ?? "";
  }

  /** Gives the counter of the events under a topic; "" stands for none. */
  topic(name: string): TopicLife {
    const last = this.#lastTopic;
    if (last !== undefined && last.name === name) return last;
    const topic = this.#topics.get(name) ?? this.#add(name);
    this.#lastTopic = topic;
    return topic;
  }

  /** Counts an event that goes out; `isSource` says that it has its origin here. */
  event(topic: TopicLife, run: string | undefined, isSource: boolean): void {
    const sequence = topic.next;
    topic.next = sequence + 1;
    topic.skipped = 0;
    if (run === undefined) return;
    const counted = this.#of(run, topic);
    if (counted === undefined) return;
    counted.events += 1;
    if (!isSource) return;
    counted.own += 1;
    if (counted.from < 0) counted.from = sequence;
    counted.to = sequence + 1;
  }

  /** Counts an event that is left out on purpose. */
  leaveOut(topic: TopicLife, run: string | undefined): void {
    topic.next += 1;
    topic.skipped += 1;
    const counted = run === undefined ? undefined : this.#of(run, topic);
    if (counted !== undefined) counted.skipped += 1;
  }

  /** Takes an event that was counted as going out for one that is left out. */
  takeBack(topic: TopicLife, run: string | undefined, isSource: boolean): void {
    const counted = run === undefined ? undefined : this.#of(run, topic);
    if (counted === undefined || counted.events === 0) return;
    counted.events -= 1;
    counted.skipped += 1;
    if (isSource && counted.own > 0) counted.own -= 1;
  }

  /** Takes a Start that was counted as going out for one that is left out: its run is not open. */
  takeBackStart(run: string): void {
    this.#forget(run);
  }

  /** Counts a Start that goes out and opens its run; gives the run that fell out, where too many are open. */
  start(run: string): string | undefined {
    this.#lifecycle();
    this.#forget(run);
    const oldest = this.#runs.size < MOST_RUNS ? undefined : this.#runs.keys().next().value;
    if (oldest !== undefined) this.#forget(oldest);
    this.#runs.set(run, new Map());
    return oldest;
  }

  /** Counts a Stop that goes out and closes its run. */
  stop(run: string): void {
    this.#lifecycle();
    this.#forget(run);
  }

  /** Counts a Start or Stop that is left out on purpose. */
  leaveOutLifecycle(run: string, isStop: boolean): void {
    this.lifecycle.next += 1;
    this.lifecycle.skipped += 1;
    if (isStop) this.#forget(run);
  }

  /** Gives the next sequence of each topic that events went out under. */
  next(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.#topics.values(), ({ name, next }) => [name, next]));
  }

  /** Says how many messages were left out since the last one that went out, for each topic where there are any. */
  left(): ReadonlyMap<string, number> | undefined {
    let left: Map<string, number> | undefined;
    for (const { name, skipped } of this.#topics.values()) {
      if (skipped === 0) continue;
      left ??= new Map();
      left.set(name, skipped);
    }
    return left;
  }

  /** Gives the runs whose Start went out and whose Stop did not. */
  open(): readonly string[] {
    return [...this.#runs.keys()];
  }

  /** Says what went out of an open run under each topic. */
  hopSent(run: string): readonly HopSent[] | undefined {
    const topics = this.#runs.get(run);
    if (topics === undefined) return undefined;
    return Array.from(topics.values(), ({ topic, events, skipped }) => ({ topic: topic.name, events, skipped }));
  }

  /** Says what was sent of an open run, as its source. */
  sent(run: string): readonly Sent[] {
    return Array.from(this.#runs.get(run)?.values() ?? [])
      .filter(({ own }) => own > 0)
      .map(({ topic, from, to, own }) => ({ stream: this.stream, partition: topic.name, from, to, events: own }));
  }

  #add(name: string): TopicLife {
    checkTopic(name);
    if (this.#topics.size >= MOST_TOPICS) {
      throw new UsageError(
        `topic ${JSON.stringify(name)}: this publisher has ${MOST_TOPICS} topics already; use fewer, and keys for a finer division`,
      );
    }
    const topic = newTopic(name);
    this.#topics.set(name, topic);
    return topic;
  }

  /** Events of runs without a Start are not counted by run: nothing would ever end the counting. */
  #of(run: string, topic: TopicLife): RunTopic | undefined {
    const last = this.#lastRunTopic;
    if (last !== undefined && last.topic === topic && this.#lastRun === run) return last;
    const topics = this.#runs.get(run);
    if (topics === undefined) return undefined;
    let counted = topics.get(topic.name);
    if (counted === undefined) {
      counted = { topic, events: 0, skipped: 0, from: -1, to: -1, own: 0 };
      topics.set(topic.name, counted);
    }
    this.#lastRun = run;
    this.#lastRunTopic = counted;
    return counted;
  }

  #lifecycle(): void {
    this.lifecycle.next += 1;
    this.lifecycle.skipped = 0;
  }

  #forget(run: string): void {
    this.#runs.delete(run);
    this.#lastRunTopic = undefined;
  }
}

function newTopic(name: string): TopicLife {
  return { name, frame: name === "" ? undefined : new Uint8Array(Buffer.from(name)), next: 0, skipped: 0 };
}
