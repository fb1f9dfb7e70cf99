import type { Subscriptions } from "./channels.ts";
import type { Link } from "./link.ts";

/** How much may wait here where a connection cannot be held up: that of a cluster. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

type Put = (channel: Buffer, body: Buffer) => void | Promise<void>;

/** Puts what comes on subscribed channels, one put at a time; while one waits the connection is not read. */
export class SubscribedReading {
  readonly #link: Link;
  readonly #signal: AbortSignal;
  readonly #put: Put;
  /** What came in the same read as a message that waits. */
  #waiting: (readonly [Buffer, Buffer])[] = [];
  #waitingBytes = 0;
  #isFull = false;
  #isReady = false;
  #fail: (error: unknown) => void = () => undefined;
  readonly #failed: Promise<never>;

  constructor(link: Link, signal: AbortSignal, put: Put) {
    this.#link = link;
    this.#signal = signal;
    this.#put = put;
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => undefined);
    link.client.on("messageBuffer", (channel: Buffer, body: Buffer) => this.#take(channel, body));
    link.client.on("pmessageBuffer", (_pattern: unknown, channel: Buffer, body: Buffer) => this.#take(channel, body));
  }

  async subscribe({ channels, patterns }: Subscriptions): Promise<void> {
    const { client } = this.#link;
    try {
      if (channels.length > 0) await client.subscribe(...channels);
      if (patterns.length > 0) await client.psubscribe(...patterns);
    } catch (error) {
      throw this.#link.error(error);
    }
  }

  /** Puts until the signal aborts; throws when the connection is lost. */
  async read(): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      if (this.#signal.aborted) resolve();
      else this.#signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#isReady = true;
    if (!this.#isFull) this.#next();
    await Promise.race([aborted, this.#failed, this.#link.lost.then((error) => Promise.reject(error))]);
  }

  #take(channel: Buffer, body: Buffer): void {
    if (this.#signal.aborted) return;
    if (this.#isFull || !this.#isReady || this.#waiting.length > 0) {
      // What falls out here is counted by the sequences.
      if (this.#waitingBytes + body.length > MAX_WAITING_BYTES && this.#link.stream === undefined) return;
      this.#waiting.push([channel, body]);
      this.#waitingBytes += body.length;
      return;
    }
    this.#give(channel, body);
  }

  #give(channel: Buffer, body: Buffer): void {
    let wait: void | Promise<void>;
    try {
      wait = this.#put(channel, body);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (wait === undefined) return;
    this.#isFull = true;
    this.#link.stream?.pause();
    wait.then(
      () => {
        this.#isFull = false;
        this.#next();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** Puts what waits, then reads on. */
  #next(): void {
    let at = 0;
    while (at < this.#waiting.length && !this.#isFull && !this.#signal.aborted) {
      const [channel, body] = this.#waiting[at] as readonly [Buffer, Buffer];
      at += 1;
      this.#waitingBytes -= body.length;
      this.#give(channel, body);
    }
    this.#waiting.splice(0, at);
    if (!this.#isFull && !this.#link.isClosed) this.#link.stream?.resume();
  }
}
