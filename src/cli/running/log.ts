import { Ration } from "./ration.ts";

/** How much a line matters. */
export const LEVELS = ["debug", "info", "warn", "error"] as const;

/** Names a level. */
export type Level = (typeof LEVELS)[number];

/** Is one line of a log. */
export interface LogRecord {
  readonly timeMs: number;
  readonly level: Level;
  readonly message: string;
  readonly block?: string;
  readonly run?: string;
  /** What kind of news it is, for programs. */
  readonly kind?: string;
  /** Facts, for programs. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Takes the lines of a log. */
export type Sink = (record: LogRecord) => void;

/** Is how a log is made. */
export interface LogOptions {
  readonly level: Level;
  readonly sinks: readonly Sink[];
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  readonly now: () => number;
}

/** Gives lines to its sinks: those that matter enough, without secrets, repeated ones rationed. */
export class Log {
  readonly #options: LogOptions;
  readonly #ration = new Ration();

  constructor(options: LogOptions) {
    this.#options = options;
  }

  /** Takes a line; with a `kind` of regular news it is not rationed. */
  write(level: Level, message: string, more: Partial<Omit<LogRecord, "timeMs" | "level" | "message">> = {}): void {
    const { sinks, redact, now } = this.#options;
    if (LEVELS.indexOf(level) < LEVELS.indexOf(this.#options.level)) return;
    const timeMs = now();
    let words = redact(message);
    if (more.kind !== "stats" && more.kind !== "account") {
      const { passes, leftOut } = this.#ration.admit(`${more.block ?? ""} ${words}`, timeMs);
      if (!passes) return;
      if (leftOut > 0) words += ` (${leftOut} lines like this were left out)`;
    }
    for (const sink of sinks) sink({ timeMs, level, message: words, ...more });
  }
}

/** Writes a line as JSON; its facts stand beside the rest. */
export function jsonLine({ timeMs, facts = {}, ...record }: LogRecord, redact: (text: string) => string): string {
  const time = new Date(timeMs).toISOString();
  return redact(JSON.stringify({ time, ...record, ...facts }));
}

/** Writes a line for people. */
export function textLine({ level, block, message }: LogRecord): string {
  const mark = level === "warn" ? "warning: " : level === "error" ? "error: " : "";
  return `${block === undefined ? "" : `${block}: `}${mark}${message}`;
}
