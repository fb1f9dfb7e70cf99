import type { BlockEvents } from "../events.ts";

/** Is what telemetry reads of a block: a block is one. */
export interface Observed {
  readonly name: string;
  readonly account: ObservedCounts & { readonly runs: readonly { readonly ended?: string }[] };
  readonly load: ObservedLoad;
  /** Times of the operator and the queue, where the block measures them. */
  readonly timings?: Timings;
  on<E extends keyof BlockEvents>(event: E, listener: (news: BlockEvents[E]) => void): unknown;
  off<E extends keyof BlockEvents>(event: E, listener: (news: BlockEvents[E]) => void): unknown;
}

/** Counts of a block since it was made. */
export interface ObservedCounts {
  readonly received: number;
  readonly events: number;
  readonly finished: number;
  readonly filtered: number;
  readonly reduced: number;
  readonly published: number;
  readonly publishedEvents: number;
  readonly dropped: number;
  readonly failed: number;
  readonly dead: number;
  readonly left: number;
  readonly rejected: number;
  readonly droppedUpstream: number;
  readonly lost: number | "unknown";
  readonly reasons: Readonly<Record<string, number>>;
}

/** What is in a block now. */
export interface ObservedLoad {
  readonly queued: number;
  readonly held: number;
  readonly bytes: number;
  readonly running: number;
  readonly computing: number;
  readonly outgoing: number;
}

/** How long things take in a block. */
export interface Timings {
  /** Of the newest calls of `process`, in milliseconds. */
  readonly process: { readonly p50: number; readonly p99: number };
  /** How long the newest deliveries waited in the queue, in milliseconds. */
  readonly queued: { readonly p50: number; readonly p99: number };
  /** The age of the oldest delivery that is not finished, in milliseconds; 0 where there is none. */
  readonly oldest: number;
}
