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

/** Takes the lines of a log, which have no secrets in them. */
export type Sink = (record: LogRecord) => void;

/** Is how a log is made. */
export interface LogOptions {
  readonly level: Level;
  readonly sinks: readonly Sink[];
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  readonly now: () => number;
  /** Stands in each line: tells processes that run the same blocks apart. */
  readonly instance?: string;
}

/** Kinds of regular news, which are never too many. */
const REGULAR: ReadonlySet<string> = new Set(["stats", "account"]);

/** Gives lines to its sinks: those that matter enough, without secrets, repeated ones rationed. */
export class Log {
  readonly #options: LogOptions;
  readonly #ration = new Ration();

  constructor(options: LogOptions) {
    this.#options = options;
  }

  /** Takes a line; with a `kind` of regular news it is not rationed. */
  write(level: Level, message: string, more: Partial<Omit<LogRecord, "timeMs" | "level" | "message">> = {}): void {
    const { redact, now } = this.#options;
    if (LEVELS.indexOf(level) < LEVELS.indexOf(this.#options.level)) return;
    const timeMs = now();
    let words = redact(message);
    if (!REGULAR.has(more.kind ?? "")) {
      const { passes, leftOut } = this.#ration.admit({ level, message: words, ...more }, timeMs);
      if (!passes) return;
      if (leftOut > 0) words += leftOutText(leftOut);
    }
    this.#give({ timeMs, level, message: words, ...more });
  }

  /** Says what was left out of lines that came no more; to be called now and then, and at the end with `isOver`. */
  tellLeftOut(isOver = false): void {
    const nowMs = this.#options.now();
    for (const { line, leftOut } of this.#ration.expired(isOver ? Infinity : nowMs)) {
      this.#give({ timeMs: nowMs, ...line, message: line.message + leftOutText(leftOut) });
    }
  }

  #give(record: LogRecord): void {
    const { redact, instance, sinks } = this.#options;
    const clean = withoutSecrets(record, redact) as LogRecord;
    // What the operator named is no secret, although variables may hold it.
    const whole = instance === undefined ? clean : { ...clean, facts: { instance, ...clean.facts } };
    for (const sink of sinks) sink(whole);
  }
}

/** Writes a line as JSON; its facts stand beside the rest. */
export function jsonLine({ timeMs, facts = {}, ...record }: LogRecord): string {
  return JSON.stringify({ time: new Date(timeMs).toISOString(), ...record, ...facts });
}

/** Writes a line for people. */
export function textLine({ level, block, message }: LogRecord): string {
  const mark = level === "warn" ? "warning: " : level === "error" ? "error: " : "";
  return `${block === undefined ? "" : `${block}: `}${mark}${message}`;
}

/** Takes secrets out of all texts of a value, also out of the names of its entries. */
export function withoutSecrets(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [redact(name), withoutSecrets(item, redact)] as const),
  );
}

function leftOutText(lines: number): string {
  return ` (${lines} ${lines === 1 ? "line" : "lines"} like this ${lines === 1 ? "was" : "were"} left out)`;
}
