import type { Hop } from "../message/codec.ts";
import { Stop } from "../message/stop.ts";
import type { Run } from "../runs/run.ts";
import type { Source } from "../runs/source.ts";
import type { Tally } from "../runs/tally.ts";
import { type Missed, type TopicCount, topicCount } from "../runs/topic-counts.ts";

/** Tells that events are known to be lost. */
export type TellLost = (source: Source, run: Run | undefined, messages: number) => void;

interface Topic {
  /** Since which division of the source it is read. */
  readonly era: number;
  /** The next sequence; undefined until a first one is known. */
  expected: number | undefined;
  /** The last sequence that came; -1 before. A Start given again may count a message already that comes behind it. */
  last: number;
  /** What is missing here and was of no run, as far as one knows: the Stop of a run may say that it was its own. */
  readonly unclaimed: Missed;
}

/** As many as a publisher may have; a format's own numbers take one for each run. */
const MAX_TOPICS = 4_096;

const KINDS = ["lost", "droppedUpstream"] as const;

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
  /** Where the source is divided: what is read of it, each with the division since which it is. */
  #partitions: ReadonlyMap<string, number> | undefined;
  #eras = 0;
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

  /** Looks only at topics of these names, of which each that is new begins anywhere. */
  partitions(names: readonly string[]): void {
    const before = this.#partitions;
    this.#eras += 1;
    this.#partitions = new Map(names.map((name) => [name, before?.get(name) ?? this.#eras]));
    this.#lastHop = undefined;
  }

  /** Looks at one event; false when it has been here before. */
  event(source: Source, run: Run | undefined, hop: Hop, sequence: number): boolean {
    const topic = hop === this.#lastHop ? (this.#lastTopic as Topic) : this.#topic(source, hop);
    const expected = topic.expected;
    if (sequence <= topic.last) return false;
    topic.last = sequence;
    if (expected === undefined || sequence >= expected) topic.expected = sequence + 1;
    if (run !== undefined) this.#count(run, hop).received += 1;
    if (expected !== undefined && sequence < expected) this.#found(topic, run, hop);
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
      const first = this.#partitions === undefined ? (known.next.get(name) ?? 0) : next;
      const expected = topic.expected ?? first;
      topic.expected = Math.max(next, expected);
      if (next <= expected) continue;
      this.#gap(source, run, { ...hop, topic: name }, next - expected, hop.left?.get(name) ?? 0);
    }
  }

  /** Takes what a Stop says was sent of its run: the exact figure, where this reader saw the whole run. */
  ended(source: Source, run: Run, hop: Hop): void {
    if (hop.sent === undefined || run.joinedAt !== undefined) return;
    const counts = this.#countsOf(run);
    const sent = new Map(hop.sent.map((one) => [one.topic, one]));
    for (const topic of counts.keys()) if (!sent.has(topic)) sent.set(topic, { topic, events: 0, skipped: 0 });
    for (const { topic, events, skipped } of sent.values()) {
      if (!this.#follows(topic)) continue;
      const count = topicCount(counts, topic);
      if (hop.shared) {
        run.tally.lostUnknown ||= events !== count.received;
        continue;
      }
      const lost = Math.max(0, events - count.received) - count.lost;
      const droppedUpstream = skipped - count.droppedUpstream;
      const unknown = this.#claim(source, run, topic, { lost, droppedUpstream });
      run.tally.lost += lost;
      run.tally.droppedUpstream += droppedUpstream;
      count.lost += lost;
      count.droppedUpstream += droppedUpstream;
      if (Math.min(lost, unknown) > 0) this.#tell(source, run, Math.min(lost, unknown));
    }
  }

  /**
   * What is missing was seen as a gap before the Stop told whose it was: so much as the run has more than was put down to
   * it, others have too much, and the other way round. Gives how much nobody had seen.
   */
  #claim(source: Source, run: Run, topic: string, missed: Missed): number {
    const { unclaimed } = this.#topicNamed(source, topic);
    const places: { readonly from: Missed; readonly tally: Tally }[] = [{ from: unclaimed, tally: this.#base }];
    for (const other of source.runs.values()) {
      const from = other === run || other.state !== "open" ? undefined : this.#counts.get(other)?.get(topic);
      if (from !== undefined) places.push({ from, tally: other.tally });
    }
    let more = 0;
    for (const kind of KINDS) {
      more += Math.max(0, missed[kind]);
      const given = Math.max(0, -missed[kind]);
      unclaimed[kind] += given;
      this.#base[kind] += given;
    }
    const take = (kind: keyof Missed, most: number): void => {
      let wanted = Math.min(most, more);
      for (const { from, tally } of places) {
        const taken = Math.max(0, Math.min(wanted, from[kind]));
        from[kind] -= taken;
        tally[kind] -= taken;
        wanted -= taken;
        more -= taken;
      }
    };
    for (const kind of KINDS) take(kind, missed[kind]);
    // What was taken for lost may have been left out: the message that would have said so may be lost too.
    for (const kind of KINDS) take(kind, more);
    return more;
  }

  /** What was taken for lost came after all. */
  #found(topic: Topic, run: Run | undefined, hop: Hop): void {
    const isUnclaimed = topic.unclaimed.lost > 0 || run === undefined;
    const count: Missed = isUnclaimed ? topic.unclaimed : this.#count(run, hop);
    if (count.lost === 0) return;
    count.lost -= 1;
    (isUnclaimed ? this.#base : run.tally).lost -= 1;
  }

  /** Leaves out of what a Stop says of its source the topics that nobody here asked for. */
  asked(stop: Stop): Stop {
    const { account } = stop;
    if (
      (this.#prefixes === undefined && this.#partitions === undefined) ||
      account?.sent === undefined ||
      account.hops.length > 0
    )
      return stop;
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
    const count: Missed = run === undefined ? this.#topicNamed(source, hop.topic).unclaimed : this.#count(run, hop);
    count.droppedUpstream += left;
    if (lost === 0) return;
    if (hop.shared) {
      tally.lostUnknown = true;
      return;
    }
    tally.lost += lost;
    count.lost += lost;
    this.#tell(source, run, lost);
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
    const era = this.#partitions?.get(name) ?? 0;
    let topic = known.topics.get(name);
    if (topic === undefined || topic.era !== era) {
      const anywhere = known.next === undefined || this.#partitions !== undefined;
      const expected = anywhere ? undefined : (known.next?.get(name) ?? 0);
      topic = { era, expected, last: -1, unclaimed: { lost: 0, droppedUpstream: 0 } };
      if (known.topics.size >= MAX_TOPICS) known.topics.delete(known.topics.keys().next().value as string);
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
    if (this.#partitions !== undefined) return this.#partitions.has(topic);
    return this.#prefixes === undefined || this.#prefixes.some((prefix) => topic.startsWith(prefix));
  }
}
