/** Keeps who waits for something, until it is there, time is up, or nobody wants it any more. */
export class Waiters {
  readonly #ends = new Set<() => void>();

  get count(): number {
    return this.#ends.size;
  }

  /** Resolves at the next `wake`, after `ms`, or when the signal aborts. */
  wait(ms?: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        this.#ends.delete(end);
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(end, ms);
      signal?.addEventListener("abort", end, { once: true });
      this.#ends.add(end);
    });
  }

  wake(): void {
    for (const end of this.#ends) end();
  }
}
