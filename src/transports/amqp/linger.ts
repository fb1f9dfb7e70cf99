import type { Link } from "./link.ts";

/** Keeps a connection open after reading has ended, until what was given out is settled. */
export class Linger {
  readonly #link: Link;
  readonly #ms: number;
  /** Tells how many are not settled. */
  readonly #outstanding: () => number;
  readonly #closing: () => void;
  #isLeft = false;
  #late: NodeJS.Timeout | undefined;

  /** Waits so many milliseconds after the last settlement; `closing` is called just before the end. */
  constructor(link: Link, ms: number, outstanding: () => number, closing: () => void) {
    this.#link = link;
    this.#ms = ms;
    this.#outstanding = outstanding;
    this.#closing = closing;
  }

  /** Ends the reading; resolves when the connection is closed, or kept for what is in work. */
  async leave(): Promise<void> {
    this.#isLeft = true;
    if (this.#outstanding() <= 0) {
      await this.#close();
      return;
    }
    // Whoever never settles must not keep the process.
    this.#link.release();
    this.look();
  }

  /** Looks whether the connection is still needed, after something was settled. */
  look(): void {
    if (!this.#isLeft) return;
    clearTimeout(this.#late);
    if (this.#outstanding() <= 0) void this.#close();
    else this.#late = setTimeout(() => void this.#close(), this.#ms).unref();
  }

  #close(): Promise<void> {
    this.#isLeft = false;
    this.#closing();
    return this.#link.close();
  }
}
