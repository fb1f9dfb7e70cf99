import type { LogRecord } from "./log.ts";

/** So many alike lines go through in a window, */
const MOST_ALIKE = 5;
/** which is so long. */
const WINDOW_MS = 10_000;
/** Kinds of lines that are remembered. */
const MOST_KINDS = 1000;

/** Is a line before it gets its time. */
export type RationedLine = Omit<LogRecord, "timeMs">;

interface Kind {
  sinceMs: number;
  seen: number;
  /** The newest of them. */
  line: RationedLine;
}

/** Keeps one cause from filling a log: alike lines, numbers aside, are rationed and what was left out is counted. */
export class Ration {
  readonly #kinds = new Map<string, Kind>();

  /** Tells whether a line goes through, and how many like it were left out before it. */
  admit(line: RationedLine, nowMs: number): { readonly passes: boolean; readonly leftOut: number } {
    const name = `${line.level} ${line.block ?? ""} ${line.message.replaceAll(/\d+/g, "#")}`;
    const kind = this.#kinds.get(name);
    if (kind === undefined || nowMs - kind.sinceMs >= WINDOW_MS) {
      const leftOut = kind === undefined ? 0 : leftOutOf(kind);
      this.#kinds.delete(name);
      this.#kinds.set(name, { sinceMs: nowMs, seen: 1, line });
      if (this.#kinds.size > MOST_KINDS) this.#kinds.delete(this.#kinds.keys().next().value as string);
      return { passes: true, leftOut };
    }
    kind.seen += 1;
    kind.line = line;
    return { passes: kind.seen <= MOST_ALIKE, leftOut: 0 };
  }

  /** Forgets lines that came no more, and gives those of which some were left out. */
  expired(nowMs: number): readonly { readonly line: RationedLine; readonly leftOut: number }[] {
    return [...this.#kinds].flatMap(([name, kind]) => {
      if (nowMs - kind.sinceMs < WINDOW_MS) return [];
      this.#kinds.delete(name);
      const leftOut = leftOutOf(kind);
      return leftOut > 0 ? [{ line: kind.line, leftOut }] : [];
    });
  }
}

function leftOutOf({ seen }: Kind): number {
  return Math.max(0, seen - MOST_ALIKE);
}
