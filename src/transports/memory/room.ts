/** Lets wait until there is room for more. */
export class Room {
  readonly #isOpen: () => boolean;
  #opening: Promise<void> | undefined;
  #open: (() => void) | undefined;
  #closed = false;

  /** `isOpen` looks whether there is room. */
  constructor(isOpen: () => boolean) {
    this.#isOpen = isOpen;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Says that there is no room. */
  close(): void {
    this.#closed = true;
  }

  /** Looks again, after something changed. */
  look(): void {
    if (!this.#closed || !this.#isOpen()) return;
    this.#closed = false;
    this.#open?.();
    this.#opening = undefined;
    this.#open = undefined;
  }

  /** Resolves when there is room; whoever waits looks again, since another one may have been first. */
  opening(): Promise<void> {
    this.#opening ??= new Promise((resolve) => {
      this.#open = resolve;
    });
    return this.#opening;
  }
}
