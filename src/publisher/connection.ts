import { isRetryable, text } from "../errors.ts";
import type { Tell } from "../events.ts";
import type { AnyMessage } from "../message/message.ts";
import { Backoff } from "../time/backoff.ts";
import type { Clock } from "../time/clock.ts";
import { untilAborted, wait, within } from "../time/wait.ts";
import type { Publisher } from "./publisher.ts";

/** What keeps a publisher open is told by its block. */
export interface ConnectionOptions {
  readonly publisher: Publisher<AnyMessage>;
  readonly required: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tell: Tell;
  /** Ends when waiting for this publisher has no more use. */
  readonly signal: AbortSignal;
}

/** How long a close is waited for before the publisher is opened again. */
const LONGEST_CLOSE_MS = 5_000;

/** Opens a publisher as often as it takes, and closes it once. */
export class Connection {
  /** Aborts when the publisher is closed for good, or nobody waits for it. */
  readonly signal: AbortSignal;
  readonly #options: ConnectionOptions;
  readonly #backoff: Backoff;
  readonly #closed = new AbortController();
  #isOpen = false;
  /** How many attempts began since it was last open. */
  #attempt = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
    this.signal = AbortSignal.any([options.signal, this.#closed.signal]);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Tells whether it is open now; throws where trying again cannot help and the publisher is required. */
  async open(): Promise<boolean> {
    const { publisher, required, clock, tell } = this.#options;
    const { signal } = this;
    while (!signal.aborted) {
      this.#attempt += 1;
      tell("state", { part: publisher.constructor.name, state: "connecting", attempt: this.#attempt });
      try {
        await publisher.open(signal);
      } catch (error) {
        await this.#closeQuietly();
        if (signal.aborted) return false;
        if (required && !isRetryable(error)) throw error;
        await wait(clock, this.#retrying(error), signal);
        continue;
      }
      if (this.#closed.signal.aborted) {
        await this.#closeQuietly();
        return false;
      }
      this.#isOpen = true;
      this.#backoff.reset();
      this.#attempt = 0;
      tell("state", { part: publisher.constructor.name, state: "ready" });
      return true;
    }
    return false;
  }

  /** Closes what broke, and opens it again after a wait. */
  async reopen(error: unknown): Promise<boolean> {
    const delayMs = this.#retrying(error);
    this.#isOpen = false;
    await this.#closeQuietly();
    if (!(await wait(this.#options.clock, delayMs, this.signal))) return false;
    return this.open();
  }

  /** Tells that it is tried again; gives after how many milliseconds. */
  #retrying(error: unknown): number {
    const { publisher, tell } = this.#options;
    const delayMs = this.#backoff.next();
    const part = publisher.constructor.name;
    tell("state", { part, state: "retrying", detail: text(error), attempt: this.#attempt + 1, delayMs });
    return delayMs;
  }

  /** Closes for good. */
  async close(): Promise<void> {
    this.#closed.abort();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#options.publisher.close();
  }

  /** What cannot even be closed says no more than the error that came before, and must not keep us from going on. */
  async #closeQuietly(): Promise<void> {
    const { publisher, clock } = this.#options;
    const close = async (): Promise<void> => publisher.close();
    const closed = close().catch(() => undefined);
    await within(clock, LONGEST_CLOSE_MS, untilAborted(closed, this.signal));
  }
}
