import type { Counts } from "../message/account.ts";

/** Counts what became of messages; `left` is what is not yet one of the others. */
export class Tally {
  received = 0;
  events = 0;
  finished = 0;
  filtered = 0;
  reduced = 0;
  published = 0;
  publishedEvents = 0;
  dropped = 0;
  failed = 0;
  dead = 0;
  rejected = 0;
  droppedUpstream = 0;
  lost = 0;
  lostUnknown = false;
  readonly reasons: Map<string, number> = new Map();

  /**
   * Counts a reason. Those with a colon carry words from outside: beyond 100 different ones they are counted together,
   * and cannot crowd out our own.
   */
  because(reason: string, times = 1): void {
    const known = this.reasons.get(reason);
    if (known !== undefined) this.reasons.set(reason, known + times);
    else if (this.reasons.size < MAX_REASONS || !reason.includes(":")) this.reasons.set(reason, times);
    else this.reasons.set(OTHER, (this.reasons.get(OTHER) ?? 0) + times);
  }

  /** Adds the counts of another one. */
  add(other: Tally): void {
    for (const name of NUMBERS) this[name] += other[name];
    this.lostUnknown ||= other.lostUnknown;
    for (const [reason, times] of other.reasons) this.because(reason, times);
  }

  /** Begins again from nothing. */
  clear(): void {
    for (const name of NUMBERS) this[name] = 0;
    this.lostUnknown = false;
    this.reasons.clear();
  }

  /** What is not yet finished, dropped, failed or dead. */
  get left(): number {
    return this.received - this.finished - this.dropped - this.failed - this.dead;
  }

  /** Gives the counts as they are now. */
  counts(): Counts {
    const { received, events, finished, filtered, reduced, published, publishedEvents, dropped, failed, dead } = this;
    return {
      received,
      events,
      finished,
      filtered,
      reduced,
      published,
      publishedEvents,
      dropped,
      failed,
      dead,
      left: this.left,
      rejected: this.rejected,
      droppedUpstream: this.droppedUpstream,
      lost: this.lostUnknown ? "unknown" : this.lost,
      reasons: Object.fromEntries(this.reasons),
    };
  }
}

const MAX_REASONS = 100;
const OTHER = "other reasons";
const NUMBERS = [
  "received",
  "events",
  "finished",
  "filtered",
  "reduced",
  "published",
  "publishedEvents",
  "dropped",
  "failed",
  "dead",
  "rejected",
  "droppedUpstream",
  "lost",
] as const;
