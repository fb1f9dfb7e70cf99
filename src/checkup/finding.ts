/** Says how bad it is: nothing to do; a promise is weaker than it may seem; it will not work. */
export type FindingLevel = "ok" | "warning" | "error";

/** Is one thing that was looked at: what was found, and what to do. */
export interface Finding {
  readonly level: FindingLevel;
  /** What was looked at: `redis 127.0.0.1:6379`, `kafka 127.0.0.1:9092 frames`. */
  readonly subject: string;
  readonly found: string;
  /** What to do; undefined where there is nothing to do. */
  readonly advice?: string;
}

/** Says what a checkup is for, and takes what it finds. */
export interface Examination {
  readonly role: "listener" | "publisher";
  /** Aborts at the deadline: what is open then must be closed. */
  readonly signal: AbortSignal;
  /** Those of its addresses, as `ends` gives them, at which another part of the same configuration is the other side. */
  readonly own: ReadonlySet<string>;
  tell(finding: Finding): void;
}

/**
 * Checks what a part of a block will meet, by the options with which it will be made. It changes nothing on the other
 * side, takes no message away, and what it throws is told as an error.
 */
export type Checkup = (options: Readonly<Record<string, unknown>>, examination: Examination) => Promise<void>;
