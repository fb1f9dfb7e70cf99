import type { Account, Missing, Sent } from "../message/account.ts";
import { Ranges } from "./ranges.ts";

const MAX_RANGES = 1_000;

/** Remembers which events of a run came out here, by the numbers that their first source gave them. */
export class Coverage {
  readonly #ranges = new Map<string, Ranges>();
  #lastStream: string | undefined;
  #lastPartition: string | undefined;
  #last: Ranges | undefined;
  readonly #joined: boolean;

  /** `joined`: this reader came when the run was open; what was sent before that is not missing here. */
  constructor(joined = false) {
    this.#joined = joined;
  }

  add(stream: string, partition: string, sequence: number): void {
    if (stream === this.#lastStream && partition === this.#lastPartition) {
      (this.#last as Ranges).add(sequence);
      return;
    }
    const key = `${stream}\u0000${partition}`;
    let ranges = this.#ranges.get(key);
    if (ranges === undefined) {
      if (this.#ranges.size >= MAX_RANGES) return;
      ranges = new Ranges();
      this.#ranges.set(key, ranges);
    }
    this.#lastStream = stream;
    this.#lastPartition = partition;
    this.#last = ranges;
    ranges.add(sequence);
  }

  /**
   * Compares with what the first source says it sent, when a run's Stop comes. What the hops between count as left out,
   * failed or filtered is explained, as is what the last hop did not send here on purpose; what is missing beyond that
   * is nobody's, and it is lost where each result was made from one message.
   */
  missing(account: Account, notSentHere = 0): Missing[] {
    const [first, ...between] = account.hops.length === 0 ? [account] : [...account.hops, account];
    // What the source itself left out is not among what it sent.
    const skipped =
      between.length === 0 ? 0 : between.slice(1).reduce((sum, hop) => sum + hop.droppedUpstream, notSentHere);
    const explained = between.reduce((sum, hop) => sum + leftOut(hop), skipped);
    const single = between.every((hop) => hop.reduced === 0 && hop.publishedEvents <= hop.events);
    const gaps = (first?.sent ?? []).map((sent) => ({ sent, ranges: this.#gaps(sent) }));
    const absent = gaps.map(({ sent, ranges }) => this.#absent(sent, ranges));
    let unexplained = Math.max(0, absent.reduce((sum, events) => sum + events, 0) - explained);
    return gaps.flatMap(({ sent, ranges }, index) => {
      const events = Math.min(absent[index] as number, unexplained);
      unexplained -= events;
      if (events === 0) return [];
      const { stream, partition } = sent;
      const as = single ? "lost" : "unaccounted";
      return [{ stream, partition, events, as, ranges: ranges.slice(0, MAX_RANGES) } as const];
    });
  }

  /** Counts by ranges where the run had the numbers for itself, else by the events that came. */
  #absent(sent: Sent, ranges: readonly (readonly [number, number])[]): number {
    if (sent.to - sent.from === sent.events) return count(ranges);
    // Nobody knows which of the numbers before this reader came were this run's.
    if (this.#joined) return 0;
    return Math.max(0, sent.events - (this.#ranges.get(`${sent.stream}\u0000${sent.partition}`)?.count ?? 0));
  }

  #gaps(sent: Sent): [number, number][] {
    const ranges = this.#ranges.get(`${sent.stream}\u0000${sent.partition}`);
    const from = this.#joined ? Math.max(sent.from, ranges?.first ?? sent.to) : sent.from;
    return (ranges ?? new Ranges()).missing(from, sent.to);
  }
}

/** What a hop left out and does not count once more as left out upstream of the next one. */
function leftOut({ filtered, dropped, failed, dead, left, notSent = 0 }: Account): number {
  return filtered + Math.max(0, dropped + failed + dead - notSent) + left;
}

function count(ranges: readonly (readonly [number, number])[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}
