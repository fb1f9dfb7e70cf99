/** Shares the syncs of a folder among all who wait for one: each waits for one that began after it asked. */
export class FolderSync {
  readonly #sync: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Resolves when what was done in the folder before this call is on disk. */
  reached(): Promise<void> {
    this.#next ??= this.#afterRunning();
    return this.#next;
  }

  async #afterRunning(): Promise<void> {
    // Its error belongs to those who wait for it.
    await this.#running?.catch(() => {});
    // Who asks from here on has to wait for the sync after this one.
    this.#next = undefined;
    this.#running = this.#sync();
    await this.#running;
  }
}
