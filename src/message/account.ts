/**
 * Counts messages: Starts, Events and Stops alike. At any time
 * `received = finished + dropped + failed + dead + left`; what is still being worked on is `left`.
 */
export interface Counts {
  /** Messages taken in from outside, copies of a Start left out. */
  readonly received: number;
  /** How many of `received` were Events. */
  readonly events: number;
  /** Done: every required publisher has what came of them. */
  readonly finished: number;
  /** How many of `finished` had no result. */
  readonly filtered: number;
  /** How many of `finished` went into a result together with others. */
  readonly reduced: number;
  /** Results handed to the publishers; each counts once however many publishers there are. */
  readonly published: number;
  /** How many of `published` were Events. */
  readonly publishedEvents: number;
  /** Left out here on purpose; `reasons` says why. */
  readonly dropped: number;
  /** Given up after an error. */
  readonly failed: number;
  /** Put into the dead letters. */
  readonly dead: number;
  /** Not finished: still in work, or given back when the block stopped. */
  readonly left: number;
  /** Wire messages that were no messages; they are not among `received`. */
  readonly rejected: number;
  /** Events that an earlier stage left out on purpose, as it says itself. */
  readonly droppedUpstream: number;
  /** Events that were sent and did not arrive; unknown where several readers share a stream. */
  readonly lost: number | "unknown";
  /** How often each reason occurred, of drops, failures and rejections. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Says which sequence numbers a source gave to the events of a run, for one partition. */
export interface Sent {
  readonly stream: string;
  readonly partition: string;
  /** The first sequence number of the run. */
  readonly from: number;
  /** The sequence number after the last one of the run. */
  readonly to: number;
  /** Events of the run that were sent. */
  readonly events: number;
}

/** Says which events of a run never came out at the end of a chain. */
export interface Missing {
  readonly stream: string;
  readonly partition: string;
  /** Events missing beyond those that a hop's counts explain. */
  readonly events: number;
  /** Whether each is known to be lost, or only in nobody's count. */
  readonly as: "lost" | "unaccounted";
  /** All sequence numbers that did not come out, as first and last of each gap; the newest are left out beyond 1 000. */
  readonly ranges: readonly (readonly [number, number])[];
}

/** Says what became of every message of one run at one block. */
export interface RunCounts extends Counts {
  readonly run: string;
  readonly stream: string;
  /** How the run ended; absent while it is open. */
  readonly ended?: "completed" | "abandoned" | "interrupted";
  /** The sequence number at which this block joined, where it did not see the run from its Start. */
  readonly joinedAt?: number;
  /** What the first source sent and what of it is missing here; present once the run's Stop came over at least one hop. */
  readonly missing?: readonly Missing[];
}

/** Says what became of every message at one block, with the accounts of the hops before it. */
export interface Account extends Counts {
  readonly block: string;
  readonly runs: readonly RunCounts[];
  /** The accounts of earlier hops, the first source first; those of a Stop, and of the last run that ended. */
  readonly hops: readonly Account[];
  /** What this hop sent of the run, where it is the run's source. */
  readonly sent?: readonly Sent[];
  /**
   * On a Stop: how many events were dropped, failed or dead here on their way to this very reader, which counts them as
   * `droppedUpstream` too.
   */
  readonly notSent?: number;
}
