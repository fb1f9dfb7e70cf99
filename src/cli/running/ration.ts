/** So many alike lines go through in a window, */
const MOST_ALIKE = 5;
/** which is so long. */
const WINDOW_MS = 10_000;
/** Kinds of lines that are remembered. */
const MOST_KINDS = 1000;

interface Kind {
  sinceMs: number;
  seen: number;
}

/** Keeps one cause from filling a log: alike lines, numbers aside, are rationed and what was left out is counted. */
export class Ration {
  readonly #kinds = new Map<string, Kind>();

  /** Tells whether a line goes through, and how many like it were left out before it. */
  admit(line: string, nowMs: number): { readonly passes: boolean; readonly leftOut: number } {
    const name = line.replaceAll(/\d+/g, "#");
    const kind = this.#kinds.get(name);
    if (kind === undefined || nowMs - kind.sinceMs >= WINDOW_MS) {
      const leftOut = kind === undefined ? 0 : Math.max(0, kind.seen - MOST_ALIKE);
      this.#kinds.delete(name);
      this.#kinds.set(name, { sinceMs: nowMs, seen: 1 });
      if (this.#kinds.size > MOST_KINDS) this.#kinds.delete(this.#kinds.keys().next().value as string);
      return { passes: true, leftOut };
    }
    kind.seen += 1;
    return { passes: kind.seen <= MOST_ALIKE, leftOut: 0 };
  }
}
