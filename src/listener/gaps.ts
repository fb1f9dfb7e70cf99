import type { Hop } from "../message/codec.ts";
import { Stop } from "../message/stop.ts";
import type { Run } from "../runs/run.ts";
import type { Source } from "../runs/source.ts";
import type { Tally } from "../runs/tally.ts";
import { type TopicCount, topicCount } from "../runs/topic-counts.ts";

/** Tells that events are known to be lost. */
export type TellLost = (source: Source, run: Run | undefined, messages: number) => void;

interface Topic {
  /** The next sequence; undefined until a first one is known. */
  expected: number | undefined;
}

interface Known {
  readonly topics: Map<string, Topic>;
  /** The next sequences when this source was first heard; undefined while nothing said so. */
  next: ReadonlyMap<string, number> | undefined;
}

/**
 * Finds what is missing by sequence numbers, per life of a publisher and topic: in the middle by the next message, at
 * the end by the Stop or a sign of life. What an earlier stage left out on purpose is counted apart, and a late joiner
 * begins where it joined.
 */
export class Gaps {
  readonly #base: Tally;
  readonly #tell: TellLost;
  readonly #known = new WeakMap<Source, Known>();
  readonly #counts = new WeakMap<Run, Map<string, TopicCount>>();
  #prefixes: readonly string[] | undefined;
  #lastHop: Hop | undefined;
  #lastTopic: Topic | undefined;
  #lastCountHop: Hop | undefined;
  #lastCountRun: Run | undefined;
  #lastCount: TopicCount | undefined;

  constructor(base: Tally, tell: TellLost) {
    this.#base = base;
    this.#tell = tell;
  }

  /** Looks only at topics with these beginnings. */
  follow(prefixes: readonly string[]): void {
    this.#prefixes = prefixes;
  }

  /** Looks at one event; false when it has been here before. */
  event(source: Source, run: Run | undefined, hop: Hop, sequence: number): boolean {
    const topic = hop === this.#lastHop ? (this.#lastTopic as Topic) : this.#topic(source, hop);
    const expected = topic.expected;
    if (expected !== undefined && sequence < expected) return false;
    topic.expected = sequence + 1;
    if (run !== undefined) this.#count(run, hop).received += 1;
    if (expected !== undefined && sequence > expected) this.#gap(source, run, hop, sequence - expected, hop.skipped);
    return true;
  }

  /** Looks at a format's own number, which may begin anywhere and counts per run. */
  native(source: Source, run: Run | undefined, sequence: number): void {
    const topic = this.#topicNamed(source, run === undefined ? "" : run.id);
    const expected = topic.expected;
    topic.expected = sequence + 1;
    if (expected === undefined || sequence <= expected) return;
    const lost = sequence - expected;
    (run?.tally ?? this.#base).lost += lost;
    this.#tell(source, run, lost);
  }

  /** Looks at the next sequences that a Start, a Stop or a sign of life brings. */
  next(source: Source, run: Run | undefined, hop: Hop): void {
    if (hop.next === undefined) return;
    const known = this.#of(source);
    if (known.next === undefined) known.next = hop.next;
    for (const [name, next] of hop.next) {
      if (!this.#follows(name)) continue;
      const topic = this.#topicNamed(source, name);
      const expected = topic.expected ?? known.next.get(name) ?? 0;
      topic.expected = Math.max(next, expected);
      if (next > expected) this.#tail(source, run, { ...hop, topic: name }, next - expected);
    }
  }

  /** Takes what a Stop says was sent of its run: the exact figure, where this reader saw the whole run. */
  ended(source: Source, run: Run, hop: Hop): void {
    if (hop.sent === undefined || run.joinedAt !== undefined) return;
    for (const { topic, events, skipped } of hop.sent) {
      if (!this.#follows(topic)) continue;
      const count = topicCount(this.#countsOf(run), topic);
      if (hop.shared) {
        run.tally.lostUnknown ||= events !== count.received;
        continue;
      }
      const lost = Math.max(0, events - count.received);
      if (lost > count.lost) this.#tell(source, run, lost - count.lost);
      run.tally.lost += lost - count.lost;
      run.tally.droppedUpstream += skipped - count.droppedUpstream;
    }
  }

  /** Leaves out of what a Stop says of its source the topics that nobody here asked for. */
  asked(stop: Stop): Stop {
    const { account } = stop;
    if (this.#prefixes === undefined || account?.sent === undefined || account.hops.length > 0) return stop;
    const sent = account.sent.filter(({ partition }) => this.#follows(partition));
    return Stop.accounted(stop, { ...account, sent });
  }

  /** Counts the events of a run under topics that nobody here asked for, as its Stop tells them. */
  unasked({ sent = [] }: Hop): number {
    return sent.reduce((sum, { topic, events }) => (this.#follows(topic) ? sum : sum + events), 0);
  }

  #gap(source: Source, run: Run | undefined, hop: Hop, missing: number, skipped: number): void {
    const tally = run?.tally ?? this.#base;
    const left = Math.min(skipped, missing);
    const lost = missing - left;
    tally.droppedUpstream += left;
    const count = run === undefined ? undefined : this.#count(run, hop);
    if (count !== undefined) count.droppedUpstream += left;
    if (lost === 0) return;
    if (hop.shared) {
      tally.lostUnknown = true;
      return;
    }
    tally.lost += lost;
    if (count !== undefined) count.lost += lost;
    this.#tell(source, run, lost);
  }

  /** The end of a topic is missing; how much of it was left out on purpose, only the Stop's figures tell. */
  #tail(source: Source, run: Run | undefined, hop: Hop, missing: number): void {
    const sent = hop.sent?.find(({ topic }) => topic === hop.topic);
    const seen = run === undefined ? 0 : this.#count(run, hop).droppedUpstream;
    this.#gap(source, run, hop, missing, sent === undefined ? 0 : Math.max(0, sent.skipped - seen));
  }

  #count(run: Run, hop: Hop): TopicCount {
    if (hop === this.#lastCountHop && run === this.#lastCountRun) return this.#lastCount as TopicCount;
    const count = topicCount(this.#countsOf(run), hop.topic);
    this.#lastCountHop = hop;
    this.#lastCountRun = run;
    this.#lastCount = count;
    return count;
  }

  #countsOf(run: Run): Map<string, TopicCount> {
    let counts = this.#counts.get(run);
    if (counts === undefined) {
      counts = new Map();
      this.#counts.set(run, counts);
    }
    return counts;
  }

  #topic(source: Source, hop: Hop): Topic {
    const topic = this.#topicNamed(source, hop.topic);
    this.#lastHop = hop;
    this.#lastTopic = topic;
    return topic;
  }

  #topicNamed(source: Source, name: string): Topic {
    const known = this.#of(source);
    let topic = known.topics.get(name);
    if (topic === undefined) {
      topic = { expected: known.next === undefined ? undefined : (known.next.get(name) ?? 0) };
      known.topics.set(name, topic);
    }
    return topic;
  }

  #of(source: Source): Known {
    let known = this.#known.get(source);
    if (known === undefined) {
      known = { topics: new Map(), next: undefined };
      this.#known.set(source, known);
    }
    return known;
  }

  #follows(topic: string): boolean {
    return this.#prefixes === undefined || this.#prefixes.some((prefix) => topic.startsWith(prefix));
  }
}
