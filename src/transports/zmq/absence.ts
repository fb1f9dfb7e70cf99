/** Is told when a stream is over that was made for this reader: its source is gone, and does not come back. */
export class Absence {
  readonly #ended: () => void;
  #timer: NodeJS.Timeout | undefined;
  #wasUp = false;
  #isBusy = false;
  #hasMoved = false;

  /** Waits `firstMs` for the first connection; calls `ended` once. */
  constructor(firstMs: number, ended: () => void) {
    this.#ended = ended;
    this.#watch(firstMs);
  }

  connected(isUp: boolean): void {
    if (isUp) clearTimeout(this.#timer);
    else if (this.#wasUp) this.#watch(PATIENCE_MS);
    this.#wasUp ||= isUp;
  }

  /** Notes a message: what had come before the end is still taken. */
  message(taken: void | Promise<void>): void {
    this.#hasMoved = true;
    if (taken === undefined) return;
    this.#isBusy = true;
    const done = (): void => {
      this.#isBusy = false;
      this.#hasMoved = true;
    };
    taken.then(done, done);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#hasMoved = false;
    this.#timer = setTimeout(() => {
      if (this.#isBusy || this.#hasMoved) this.#watch(PATIENCE_MS);
      else this.#ended();
    }, ms);
  }
}

/** A connection that broke is there again in this time, where its source still is. */
const PATIENCE_MS = 1000;
