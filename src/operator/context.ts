/** Says why `flush` is called: the time asked for has come, what is held fills the queue, or everything ends. */
export type FlushReason = "timer" | "pressure" | "drain";

/** Lets `process` and `flush` say when a message is finished, and when they want to be called again. */
export interface Context {
  /** Aborts when the block stops waiting for this call. */
  readonly signal: AbortSignal;
  /** 1, and one more each time the same message is tried again. */
  readonly attempt: number;
  /** Keeps this message unfinished, until a later call releases it. */
  hold(): void;
  /** Hands what this message's run holds (in `flush`: everything held) to the results of this call. */
  release(): void;
  /** Asks for one call of `flush("timer")`; a release takes the wish back. */
  flushIn(ms: number): void;
}

/** What an operator may give back at once: one message, several, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is an operator too
export type Several<T> = T | Iterable<T> | AsyncIterable<T> | undefined | void;

/** What an operator may give back: at once or later. */
export type Result<T> = Several<T> | Promise<Several<T>>;
