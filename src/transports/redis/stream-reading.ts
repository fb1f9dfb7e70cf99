import type { Settlement } from "../../queue/settlement.ts";
import type { Entry } from "./entries.ts";
import type { OpenStart } from "./run-index.ts";

/** Reads one stream, from one connection to its loss: as a cursor, or as a consumer of a group. */
export interface StreamReading {
  /** How many entries were put and are not settled. */
  readonly outstanding: number;
  /** What an entry of the stream takes on average, in bytes; 0 where it is not known. */
  readonly averageBytes: number;
  /** Finds out where to begin; gives the Starts of the runs that are open there. */
  begin(): Promise<readonly OpenStart[]>;
  /** Gives up to so many entries, soon empty-handed where there are none. */
  next(count: number): Promise<readonly Entry[]>;
  /** Takes an entry in before it is put; gives what settles it. */
  track(id: string, frames: readonly Uint8Array[]): Settlement | undefined;
  /** Gives how many entries the group has not finished; undefined where the server does not say. */
  lag?(): Promise<number | undefined>;
  /** Ends a `next` that waits. */
  interrupt(): void;
  /** Gives back what `next` gave and nobody took. */
  leave(entries: readonly Entry[]): Promise<void>;
}

/** How long one read waits for entries. */
export const BLOCK_MS = 1_000;
/** How often the stream is looked at beside reading: what was trimmed, whose consumer is dead. */
export const LOOK_EVERY_MS = 1_000;
