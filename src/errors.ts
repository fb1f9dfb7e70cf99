/** What went wrong, as a literal that programs can test; the class and the retry rule of each stand in this table. */
const CODES = {
  ABORTED: { retryable: false },
  CONNECTION: { retryable: true },
  DEAD_LETTERS: { retryable: false },
  DEAD_LETTERS_FULL: { retryable: false },
  DEADLINE: { retryable: false },
  HELD_TOO_MUCH: { retryable: false },
  MISSING_PACKAGE: { retryable: false },
  PROCESS: { retryable: false },
  PROMISE: { retryable: false },
  PUBLISH: { retryable: false },
  REJECTED: { retryable: false },
  RUN_NOT_OPEN: { retryable: false },
  SEVERAL: { retryable: false },
  SPLIT_RUN: { retryable: false },
  TIMED_OUT: { retryable: false },
  USAGE: { retryable: false },
} as const;

/** Names what happened, for programs. */
export type Code = keyof typeof CODES;

/** Carries what every error of this package has: a code, whether trying again can help, and the cause. */
export class ArroyoError extends Error {
  readonly code: Code;
  readonly retryable: boolean;

  constructor(code: Code, message: string, options?: { cause?: unknown; retryable?: boolean }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options?.retryable ?? CODES[code].retryable;
  }
}

/** Says that bytes from outside are not a message of the expected form; the message is counted and left out. */
export class RejectedError extends ArroyoError {
  /** What is wrong, in one line that can serve as a counter's name. */
  readonly reason: string;

  constructor(reason: string, options?: { cause?: unknown }) {
    super("REJECTED", `message rejected: ${reason}`, options);
    this.reason = reason;
  }
}

/** Says that a program or a configuration asks for something that does not exist or cannot be. */
export class UsageError extends ArroyoError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("USAGE", message, options);
  }
}

/** Describes one thing that is wrong in a configuration; `line` and `column` begin at 1. */
export interface ConfigurationProblem {
  /** The file, as it was named. */
  readonly file: string;
  /** Undefined where the file as a whole is meant. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** What happened, and what to do. */
  readonly message: string;
  /** The line that is meant, with a mark under the place; empty where there is none. */
  readonly excerpt: string;
}

/** Lists everything that is wrong in a configuration, each with its place. */
export class ConfigurationError extends UsageError {
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    super(problems.map(problemText).join("\n\n"));
    this.problems = problems;
  }
}

function problemText({ file, line, column, message, excerpt }: ConfigurationProblem): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
  return `${place}: ${message}${excerpt === "" ? "" : `\n${excerpt}`}`;
}

/** Says that the parts of a block cannot keep a promise that was asked of it. */
export class PromiseError extends ArroyoError {
  constructor(message: string) {
    super("PROMISE", message);
  }
}

/** Says that the other side is not there or went away; trying again can help. */
export class ConnectionError extends ArroyoError {
  constructor(message: string, options?: { cause?: unknown; retryable?: boolean }) {
    super("CONNECTION", message, options);
  }
}

/** Says which optional package has to be installed, with the command. */
export class MissingPackageError extends ArroyoError {
  constructor(name: string, subject: string, options?: { cause?: unknown }) {
    super("MISSING_PACKAGE", `${subject}: the package "${name}" is not installed; run: npm install ${name}`, options);
  }
}

/** Says that a wait was ended by the caller's signal. */
export class AbortedError extends ArroyoError {
  constructor(subject: string) {
    super("ABORTED", `${subject}: stopped before it was finished`);
  }
}

/** Says that `process` threw or that its result could not be used. */
export class ProcessError extends ArroyoError {
  constructor(block: string, cause: unknown) {
    super("PROCESS", `${block}: process failed: ${text(cause)}`, { cause });
  }
}

/** Says that `process` did not return within `processTimeoutMs`. */
export class TimedOutError extends ArroyoError {
  constructor(subject: string, ms: number, remedy: string) {
    super("TIMED_OUT", `${subject}: not finished after ${ms} ms; ${remedy}`);
  }
}

/** Says that a publisher refused a message for good. */
export class PublishError extends ArroyoError {
  constructor(block: string, publisher: string, cause: unknown) {
    super("PUBLISH", `${block}: ${publisher} did not take a message: ${text(cause)}`, { cause });
  }
}

/** Says that an operator holds as much as the queue may keep, and released nothing when asked. */
export class HeldTooMuchError extends ArroyoError {
  constructor(block: string, held: number, bytes: number) {
    super(
      "HELD_TOO_MUCH",
      `${block}: the operator holds ${held} messages (${bytes} bytes), which fills the queue, and flush("pressure") ` +
        "released nothing; release earlier, or raise maxMessages or maxBytes",
    );
  }
}

/** Says that the dead-letter store could not keep a message. */
export class DeadLettersError extends ArroyoError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("DEAD_LETTERS", message, options);
  }
}

/** Says that the dead-letter store has reached its bound. */
export class DeadLettersFullError extends ArroyoError {
  constructor(message: string) {
    super("DEAD_LETTERS_FULL", message);
  }
}

/** Says that something was still unfinished when the time to stop was over. */
export class DeadlineError extends ArroyoError {
  constructor(message: string) {
    super("DEADLINE", message);
  }
}

/** Says that a message belongs to a run that is not open, so that there is no state for it. */
export class RunNotOpenError extends ArroyoError {
  constructor(message: string) {
    super("RUN_NOT_OPEN", message);
  }
}

/** Says that several readers would share a run, so that only one of them would get its Start and Stop. */
export class SplitRunError extends ArroyoError {
  constructor(message: string) {
    super("SPLIT_RUN", message);
  }
}

/** Gathers the failures of several named parts and prints them as a tree. */
export class SeveralErrors extends ArroyoError {
  readonly errors: ReadonlyMap<string, unknown>;

  constructor(subject: string, errors: ReadonlyMap<string, unknown>) {
    const lines = [...errors].map(([name, error]) => `\n  ${name}: ${text(error).replaceAll("\n", "\n  ")}`);
    super("SEVERAL", `${subject}:${lines.join("")}`, { cause: errors.values().next().value });
    this.errors = errors;
  }
}

/** Gives the message of anything that was thrown. */
export function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const CONNECTION_CODES: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

/** Tells whether trying again can help: connection errors, and what says so itself. */
export function isRetryable(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { retryable, code } = error as { retryable?: unknown; code?: unknown };
  return typeof retryable === "boolean" ? retryable : CONNECTION_CODES.has(code);
}
