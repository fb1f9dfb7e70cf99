import { Block } from "../../block/block.ts";
import type { Account } from "../../message/account.ts";
import type { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Start } from "../../message/start.ts";
import type { Stop } from "../../message/stop.ts";
import type { Guess } from "./guess.ts";
import { WireListener, type WireSource } from "./wire-source.ts";

/** Is a message that `look` shows. */
export type Shown = Start<unknown> | Event<unknown> | Stop<unknown>;

/** Joining in the middle is what `look` does most: nobody wants to wait long for a Start that went by. */
const START_WAIT_MS = 200;
/** What is not looked at in time makes room for what is newer; the stream never waits. */
const MOST_QUEUED = 64;

/** Watches a stream through a block, so that runs, gaps and losses are counted as everywhere else. */
export class Observer {
  readonly guess: Guess;
  /** Rejects when the stream cannot be read any more. */
  readonly finished: Promise<Account>;
  /** The newest event that is shown, or what came instead of one. */
  shown: Shown | undefined;
  /** The Start of the run of `shown`. */
  start: Start<unknown> | undefined;
  /** The run that opened or ended last. */
  run: { readonly name: string; readonly state: string } | undefined;
  isPaused = false;
  #steps = 0;
  readonly #block: Block<AnyMessage, AnyMessage>;
  readonly #changed = new Set<() => void>();

  constructor(source: WireSource, guess: Guess) {
    this.guess = guess;
    this.#block = new Block<AnyMessage, AnyMessage>({
      name: "look",
      listeners: [new WireListener(source, guess.codec)],
      operator: (message) => this.#see(message),
      overflow: "drop-oldest",
      maxMessages: MOST_QUEUED,
      startWaitMs: START_WAIT_MS,
      withoutStart: "make",
      onError: "skip",
    });
    this.#block.on("run", ({ run, what, reason }) => {
      this.run = { name: run, state: what === "opened" ? "open" : (reason ?? "ended") };
      this.#tell();
    });
    this.finished = this.#block.finished;
  }

  /** What became of every message so far. */
  get account(): Account {
    return this.#block.account;
  }

  /** Begins to watch. */
  async begin(): Promise<void> {
    await this.#block.start();
  }

  /** Ends at once. */
  async end(): Promise<void> {
    await this.#block.stop({ abandon: true });
  }

  /** Shows the next message and pauses again. */
  step(): void {
    this.isPaused = true;
    this.#steps += 1;
  }

  /** Calls back when there is something new to show. */
  onChange(callback: () => void): () => void {
    this.#changed.add(callback);
    return () => void this.#changed.delete(callback);
  }

  #see(message: AnyMessage): undefined {
    if (this.isPaused && this.#steps === 0) return;
    if (message.type === "start") this.start = message;
    // A Stop is told by the run's state; the last frame stays on the screen.
    if (message.type !== "event" && this.shown?.type === "event") return;
    this.shown = message;
    if (message.type === "event") this.#steps = Math.max(0, this.#steps - 1);
    this.#tell();
  }

  #tell(): void {
    for (const callback of [...this.#changed]) callback();
  }
}
