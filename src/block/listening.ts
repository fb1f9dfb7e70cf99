import { isRetryable, text } from "../errors.ts";
import type { Tell } from "../events.ts";
import type { BlockInlet } from "../listener/block-inlet.ts";
import type { Listener } from "../listener/listener.ts";
import type { AnyMessage } from "../message/message.ts";
import { Backoff } from "../time/backoff.ts";
import type { Clock } from "../time/clock.ts";
import { untilAborted, wait } from "../time/wait.ts";

/** What keeps a listener going is told by its block. */
export interface ListeningOptions {
  readonly listener: Listener<AnyMessage>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tell: Tell;
  readonly recoverRuns: boolean;
  /** Aborts when the block takes nothing more in. */
  readonly intake: AbortSignal;
  /** Aborts when nobody waits for this listener any more. */
  readonly work: AbortSignal;
  readonly fail: (error: unknown) => void;
}

/** Keeps one listener going: attempt after attempt, until its source ends or it is told to stop. */
export class Listening {
  readonly listener: Listener<AnyMessage>;
  readonly inlet: BlockInlet;
  /** Resolves when the listener is connected, or over. */
  readonly ready: Promise<void>;
  /** Resolves when no attempt runs any more and none will. */
  readonly over: Promise<void>;
  readonly #options: ListeningOptions;
  readonly #own = new AbortController();
  readonly #backoff: Backoff;
  readonly #isReady: () => void;
  /** How many attempts began since it was last connected. */
  #attempt = 0;

  constructor(options: ListeningOptions, inlet: (ready: () => void) => BlockInlet) {
    this.#options = options;
    this.listener = options.listener;
    this.#backoff = new Backoff(options.random);
    let isReady: () => void = () => undefined;
    this.ready = new Promise((resolve) => {
      isReady = resolve;
    });
    this.#isReady = isReady;
    this.inlet = inlet(() => {
      this.#backoff.reset();
      this.#attempt = 0;
      options.tell("state", { part: this.#name, state: "ready" });
      isReady();
    });
    this.over = this.#run();
  }

  /** True when it was told to end alone. */
  get removed(): boolean {
    return this.#own.signal.aborted;
  }

  /** Ends this listener alone. */
  stop(): void {
    this.#own.abort();
  }

  async #run(): Promise<void> {
    const { intake, work, recoverRuns } = this.#options;
    const signal = AbortSignal.any([intake, this.#own.signal]);
    const ended = await this.#attempts(signal, work);
    this.#isReady();
    this.inlet.over();
    if (work.aborted) return;
    if (recoverRuns) this.inlet.end("interrupted", "unseen");
    else if (ended) this.inlet.end("abandoned", "flush");
    else this.inlet.end("interrupted", this.#own.signal.aborted ? "plain" : "flush");
  }

  /** Tells whether the source ended by itself. */
  async #attempts(signal: AbortSignal, work: AbortSignal): Promise<boolean> {
    const { clock, tell, fail, recoverRuns } = this.#options;
    while (!signal.aborted) {
      this.#attempt += 1;
      tell("state", { part: this.#name, state: "connecting", attempt: this.#attempt });
      try {
        await untilAborted(this.listener.start(this.inlet, signal), work);
        if (signal.aborted) return false;
        tell("state", { part: this.#name, state: "ended" });
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        if (!isRetryable(error)) {
          fail(error);
          return false;
        }
        const delayMs = this.#backoff.next();
        const attempt = this.#attempt + 1;
        tell("state", { part: this.#name, state: "retrying", detail: text(error), attempt, delayMs });
        if (recoverRuns) this.inlet.end("interrupted", "unseen");
        await wait(clock, delayMs, signal);
      }
    }
    return false;
  }

  get #name(): string {
    return this.listener.constructor.name;
  }
}
