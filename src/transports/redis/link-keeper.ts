import type { Link } from "./link.ts";

/** How long settlements are waited for after the last one. */
const PATIENCE_MS = 60_000;

/** Keeps a connection open after reading has ended, until what was given out is settled. */
export class LinkKeeper {
  readonly #link: Link;
  #outstanding: () => number = () => 0;
  #isLeft = false;
  #late: NodeJS.Timeout | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Says where to look how many are not settled. */
  watch(outstanding: () => number): void {
    this.#outstanding = outstanding;
  }

  /** Ends the reading. */
  leave(): void {
    this.#isLeft = true;
    // Whoever never settles must not keep the process.
    this.#link.release();
    this.look();
  }

  /** Looks whether the connection is still needed, after something was settled. */
  look(): void {
    if (!this.#isLeft) return;
    clearTimeout(this.#late);
    if (this.#outstanding() <= 0) this.#link.close();
    else this.#late = setTimeout(() => this.#link.close(), PATIENCE_MS).unref();
  }
}
