import { relative } from "node:path";
import { LineCounter } from "yaml";
import { ConfigurationError, type ConfigurationProblem } from "../errors.ts";

/** Is a stretch of a file: the places of its first character and of the one after its last. */
export type Stretch = readonly [from: number, to: number];

/** How much of a long line is shown. */
const WIDTH = 100;
/** How many problems are told at once. */
const MOST = 50;
const MOST_KEPT = 1000;
/** How far a line is looked at, to both sides. */
const NEAR = 1000;
const NO_TAB = /[^\t]/g;
/** What a line says of a key with such a name is not shown, unless it only says where it comes from. */
const HIDDEN =
  /\b((?:[\w-]*(?:password|passwd|passphrase|authorization|secret|token|api[_-]?key|private[_-]?key)[\w-]*)["']?\s*:\s*)(?!\s*["']?\$\{|!file)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,}#][^,}#]*)/giu;
/** Passwords by name, as ZeroMQ takes them. */
const USERS = /\b(users\s*:\s*)(\{[^}]*\}?)/gu;
const USER_INFO = /(:\/\/)(?!\$\{)([^/\s"'@]+)@/gu;

/** Is the text of a configuration: turns places into lines and columns, and gathers what is wrong with it. */
export class SourceFile {
  /** The name under which the file is shown. */
  readonly name: string;
  readonly text: string;
  readonly lines: LineCounter = new LineCounter();
  #problems: (ConfigurationProblem & { readonly at: number })[] = [];

  constructor(path: string, text: string, cwd: string) {
    const near = relative(cwd, path);
    this.name = near === "" || near.startsWith("..") ? path : near;
    this.text = text;
    this.lines.addNewLine(0);
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.lines.addNewLine(at + 1);
  }

  /** Notes that something is wrong; the same place is complained of only once. */
  complain(stretch: Stretch, message: string): void {
    const [from, to] = stretch;
    if (this.#problems.length >= MOST_KEPT || this.#problems.some((other) => other.at === from)) return;
    const { line, col } = this.lines.linePos(Math.min(from, this.text.length));
    this.#problems.push({ at: from, file: this.name, line, column: col, message, excerpt: this.#excerpt(from, to) });
  }

  /** Tells whether anything was wrong so far. */
  get isWrong(): boolean {
    return this.#problems.length > 0;
  }

  /** Throws what was complained of, in the order of the file. */
  throwIfWrong(): void {
    if (!this.isWrong) return;
    const sorted = this.#problems.sort((one, other) => one.at - other.at).map(({ at: _, ...problem }) => problem);
    this.#problems = [];
    const shown = sorted.slice(0, MOST);
    const left = sorted.length - shown.length;
    if (left > 0) {
      const message = `and ${left} more problems; put the first ones right and try again`;
      shown.push({ file: this.name, line: undefined, column: undefined, message, excerpt: "" });
    }
    throw new ConfigurationError(shown);
  }

  #excerpt(from: number, to: number): string {
    const { line, col } = this.lines.linePos(Math.min(from, this.text.length));
    // Of a line that is too long to be looked through only what is near is looked at.
    const near = Math.min(col - 1, NEAR);
    const start = from - near;
    const end = this.text.indexOf("\n", start);
    const text = this.text.slice(start, Math.min(end === -1 ? this.text.length : end, from + NEAR));
    const whole = hidden(text.replace(/\r$/, ""));
    const skipped = near > WIDTH - 20 ? near - 40 : 0;
    const dots = skipped > 0 ? "..." : "";
    const shown = dots + whole.slice(skipped, skipped + WIDTH);
    const cut = skipped + WIDTH < whole.length ? "..." : "";
    const before = dots + whole.slice(skipped, near);
    const marks = Math.max(1, Math.min(to, start + whole.trimEnd().length) - from);
    const mark = before.replace(NO_TAB, " ") + "^".repeat(Math.min(marks, WIDTH - before.length + 3));
    const gutter = String(line);
    return `  ${gutter} | ${shown}${cut}\n  ${" ".repeat(gutter.length)} | ${mark}`;
  }
}

/** Covers what should not be shown with as many stars, so that columns stay. */
function hidden(line: string): string {
  return line
    .replace(HIDDEN, (_, key: string, value: string) => key + value.trimEnd().replace(/./gsu, "*") + blanks(value))
    .replace(USERS, (_, key: string, users: string) => key + "*".repeat(users.length))
    .replace(USER_INFO, (_, before: string, info: string) => `${before}${"*".repeat(info.length)}@`);
}

function blanks(value: string): string {
  return value.slice(value.trimEnd().length);
}
