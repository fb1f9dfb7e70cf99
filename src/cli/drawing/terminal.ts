import type { Io } from "../io.ts";
import { fitted } from "./text-width.ts";

const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
const LEAVE = "\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l";
/** The terminal waits for the end of a frame before it shows any of it; where it cannot, it does not care. */
const BEGIN_FRAME = "\u001b[?2026h\u001b[H";
const END_FRAME = "\u001b[0m\u001b[?2026l";

/** Takes over the terminal for a full screen and gives it back as it was, whatever ends the program. */
export class Terminal implements Disposable {
  readonly #io: Io;
  readonly #forget: () => void;
  readonly #onKey: (bytes: Buffer | string) => void;
  #isOpen = true;
  #drawn: readonly string[] = [];
  #size = "";

  constructor(io: Io, onKey: (key: string) => void) {
    this.#io = io;
    this.#onKey = (bytes) => {
      for (const key of bytes.toString()) onKey(key);
    };
    this.#forget = io.onExit(() => this[Symbol.dispose]());
    io.setRawMode(true);
    io.stdin.on("data", this.#onKey);
    io.stdin.resume();
    io.stdout.write(ENTER);
  }

  /** Draws a full screen; only lines that differ from those on the screen are written. */
  draw(lines: readonly string[]): void {
    // What cannot keep up with drawing is not drawn to: the newest screen is enough.
    if (!this.#isOpen || this.#io.stdout.writableNeedDrain) return;
    const { columns, rows } = this.#io.size();
    const size = `${columns}x${rows}`;
    if (size !== this.#size) this.#drawn = [];
    const cut = Array.from({ length: rows }, (_, row) => fitted(lines[row] ?? "", columns));
    const changed = cut.map((line, row) => (line === this.#drawn[row] ? "" : `\u001b[${row + 1};1H${line}\u001b[0m`));
    const clear = size === this.#size ? "" : "\u001b[2J";
    this.#size = size;
    this.#drawn = cut;
    const text = clear + changed.join("");
    if (text !== "") this.#io.stdout.write(BEGIN_FRAME + text + END_FRAME);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#forget();
    this.#io.stdin.off("data", this.#onKey);
    this.#io.stdin.pause();
    this.#io.setRawMode(false);
    this.#io.stdout.write(LEAVE);
  }
}
