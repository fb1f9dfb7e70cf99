import type { DeadLetter, DeadLetterSummary } from "./dead-letter.ts";

/** Keeps dead letters, within a bound. */
export interface DeadLetterStore extends AsyncDisposable {
  /** Counts the letters. */
  readonly count: number;
  /** Adds up what the letters take, heads included. */
  readonly bytes: number;
  /** Makes the store ready and counts what is there. */
  open(): Promise<void>;
  /** Keeps a letter; resolves when it is as safe as the store can make it. */
  add(letter: DeadLetter): Promise<void>;
  /** Walks over everything in order of ids, which is that of time; what is no letter comes as `skipped`. */
  list(): AsyncIterable<DeadLetterSummary>;
  /** Gives a letter that is whole, or throws. */
  read(id: string): Promise<DeadLetter>;
  /** Takes out a letter; one that is not there is as good as removed. */
  remove(id: string): Promise<void>;
  /** Waits for what is being added, and lets nothing more in. */
  close(): Promise<void>;
}
