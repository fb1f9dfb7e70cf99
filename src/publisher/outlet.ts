import { isRetryable, text } from "../errors.ts";
import type { Tell } from "../events.ts";
import type { AnyMessage } from "../message/message.ts";
import { BoundedQueue } from "../queue/bounded-queue.ts";
import type { QueueBounds } from "../queue/queue-bounds.ts";
import { Backoff } from "../time/backoff.ts";
import type { Clock } from "../time/clock.ts";
import { wait } from "../time/wait.ts";
import type { Outgoing } from "./outgoing.ts";
import { Publisher } from "./publisher.ts";

/** What an outlet is told by its block. */
export interface OutletOptions {
  readonly publisher: Publisher<AnyMessage>;
  readonly required: boolean;
  readonly bounds: QueueBounds;
  /** The name of the stream, where the publisher has none of its own. */
  readonly stream: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tell: Tell;
  /** Decides on a message that the publisher refused: true to try it again. */
  readonly refused: (outgoing: Outgoing, error: unknown, attempt: number) => boolean | Promise<boolean>;
  /** Ends when waiting for this publisher has no more use. */
  readonly signal: AbortSignal;
}

const BATCH = 1_000;

/** Stands before each publisher: bound, policy, order, repetition, and the settlement of what left. */
export class Outlet {
  readonly publisher: Publisher<AnyMessage>;
  readonly required: boolean;
  readonly #options: OutletOptions;
  readonly #queue: BoundedQueue<Outgoing>;
  readonly #lane: ReturnType<BoundedQueue<Outgoing>["lane"]>;
  readonly #batches: boolean;
  readonly #backoff: Backoff;
  /** True while nothing may be sent past the queue: something is under way, or the publisher is not open. */
  #busy = true;
  #open = false;
  #gone = false;
  #idle: (() => void)[] = [];

  constructor(options: OutletOptions) {
    this.#options = options;
    this.publisher = options.publisher;
    this.required = options.required;
    this.#backoff = new Backoff(options.random);
    this.#batches = options.publisher.publishBatch !== Publisher.prototype.publishBatch;
    this.#queue = new BoundedQueue(
      options.bounds,
      (outgoing, reason) => this.#dropped(outgoing, reason),
      (outgoing) => this.#released(outgoing, "stopped", false),
    );
    this.#lane = this.#queue.lane();
    this.#queue.onArrival = () => {
      if (!this.#busy) void this.#pump();
    };
  }

  get name(): string {
    return this.publisher.constructor.name;
  }

  /** True when everything that was put in has left. */
  get empty(): boolean {
    return this.#queue.queued === 0 && this.#queue.waiting === 0 && (!this.#busy || !this.#open);
  }

  get queued(): number {
    return this.#queue.queued;
  }

  /** Opens the publisher, as often as it takes; resolves when it is open or there is no more use in it. */
  async open(): Promise<void> {
    this.publisher.begin(this.#options.stream);
    if (!(await this.#reopen())) return;
    this.#busy = false;
    if (this.#queue.queued > 0) void this.#pump();
  }

  /** Takes a result; a promise says that the bound is reached and resolves when the result was taken. */
  put(outgoing: Outgoing): void | Promise<void> {
    outgoing.owner?.more();
    if (this.#gone) {
      this.#dropped(outgoing, "publisher-gone");
      return;
    }
    if (this.#busy || this.#batches || this.#queue.queued > 0) return this.#queued(outgoing);
    if (!this.#queue.mayPass(outgoing)) {
      this.#dropped(outgoing, "run-fell-out");
      return;
    }
    let sent: void | Promise<void>;
    try {
      sent = this.publisher.publish(outgoing.leaving());
    } catch (error) {
      this.#busy = true;
      void this.#repair([outgoing], error).then(() => this.#pump());
      return;
    }
    if (sent === undefined) {
      this.#confirmed(outgoing, false);
      return;
    }
    this.#busy = true;
    void this.#finish(outgoing, sent);
  }

  /** Resolves when everything has left. */
  async drained(): Promise<void> {
    while (!this.empty && !this.#options.signal.aborted) {
      await new Promise<void>((resolve) => {
        const ended = (): void => {
          this.#options.signal.removeEventListener("abort", ended);
          resolve();
        };
        this.#idle.push(ended);
        this.#options.signal.addEventListener("abort", ended, { once: true });
      });
    }
  }

  /** Gives back what has not left, and closes the publisher. */
  async close(): Promise<void> {
    this.#gone = true;
    this.#queue.closeIntake();
    for (const outgoing of this.#queue.drain()) this.#released(outgoing, "stopped", true);
    if (!this.#open) return;
    this.#open = false;
    await this.publisher.close();
  }

  async #finish(outgoing: Outgoing, sent: Promise<void>): Promise<void> {
    try {
      await sent;
      this.#confirmed(outgoing, false);
    } catch (error) {
      await this.#repair([outgoing], error);
    }
    await this.#pump();
  }

  async #pump(): Promise<void> {
    this.#busy = true;
    while (this.#open && !this.#gone && this.#queue.queued > 0) {
      if (this.#batches) await this.#batch(this.#takeBatch());
      else await this.#one(this.#queue.shift() as Outgoing);
    }
    this.#busy = !this.#open;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #one(outgoing: Outgoing): void | Promise<void> {
    try {
      const sent = this.publisher.publish(outgoing.leaving());
      if (sent === undefined) this.#confirmed(outgoing, true);
      else {
        return sent.then(
          () => this.#confirmed(outgoing, true),
          (error: unknown) => this.#repair([outgoing], error, true),
        );
      }
    } catch (error) {
      return this.#repair([outgoing], error, true);
    }
  }

  #takeBatch(): Outgoing[] {
    const batch: Outgoing[] = [];
    while (batch.length < BATCH) {
      const outgoing = this.#queue.shift();
      if (outgoing === undefined) break;
      batch.push(outgoing);
    }
    return batch;
  }

  async #batch(batch: readonly Outgoing[]): Promise<void> {
    try {
      await this.publisher.publishBatch(batch.map((outgoing) => outgoing.leaving()));
      for (const outgoing of batch) this.#confirmed(outgoing, true);
    } catch (error) {
      await this.#repair(batch, error, true);
    }
  }

  /**
   * Goes on after an error. One that can be retried: close, wait, open, the same messages again. Another one: each
   * message alone, so that only the one that is refused is at the block's mercy.
   */
  async #repair(batch: readonly Outgoing[], error: unknown, queued = false): Promise<void> {
    this.publisher.attempted("failed");
    let attempt = 1;
    let trouble: unknown = error;
    for (let index = 0; index < batch.length; ) {
      const outgoing = batch[index] as Outgoing;
      if (this.#options.signal.aborted || this.#gone) {
        this.#released(outgoing, "stopped", queued);
        index += 1;
        continue;
      }
      if (isRetryable(trouble)) {
        try {
          if (!(await this.#reconnect(trouble))) continue;
        } catch (fatal) {
          trouble = fatal;
          attempt += 1;
          continue;
        }
      } else if (trouble !== undefined && (batch.length === 1 || attempt > 1)) {
        if (!(await this.#options.refused(outgoing, trouble, attempt))) {
          this.#released(outgoing, undefined, queued);
          index += 1;
          attempt = 1;
          trouble = undefined;
          continue;
        }
      }
      try {
        await this.publisher.publish(outgoing.leaving());
        this.#confirmed(outgoing, queued);
        index += 1;
        attempt = 1;
        trouble = undefined;
      } catch (again) {
        this.publisher.attempted("failed");
        trouble = again;
        attempt += 1;
      }
    }
  }

  async #reconnect(error: unknown): Promise<boolean> {
    const { clock, signal, tell } = this.#options;
    tell("state", { part: this.name, state: "retrying", detail: text(error) });
    this.#open = false;
    await Promise.resolve(this.publisher.close()).catch(() => undefined);
    if (!(await wait(clock, this.#backoff.next(), signal))) return false;
    return this.#reopen();
  }

  async #reopen(): Promise<boolean> {
    const { clock, signal, tell } = this.#options;
    while (!signal.aborted && !this.#gone) {
      try {
        await this.publisher.open(signal);
        this.#open = true;
        this.#backoff.reset();
        tell("state", { part: this.name, state: "ready" });
        return true;
      } catch (error) {
        if (signal.aborted) break;
        if (this.required && !isRetryable(error)) throw error;
        tell("state", { part: this.name, state: "retrying", detail: text(error) });
        await Promise.resolve(this.publisher.close()).catch(() => undefined);
        await wait(clock, this.#backoff.next(), signal);
      }
    }
    return false;
  }

  #confirmed(outgoing: Outgoing, queued: boolean): void {
    if (this.publisher.confirms) this.publisher.attempted("done");
    const { tally } = outgoing;
    if (tally !== undefined && outgoing.counts) {
      tally.published += 1;
      if (outgoing.kind === "event") tally.publishedEvents += 1;
    }
    if (queued) this.#queue.settle(outgoing);
    outgoing.owner?.done();
  }

  #dropped(outgoing: Outgoing, reason: string): void {
    this.publisher.leaveOut(outgoing.message);
    outgoing.owner?.spoil("dropped", reason);
    outgoing.owner?.done();
    if (outgoing.owner === undefined) outgoing.tally?.because(`${this.name}: ${reason}`);
  }

  #released(outgoing: Outgoing, outcome: "stopped" | undefined, queued: boolean): void {
    if (outcome !== undefined) outgoing.owner?.spoil(outcome, outcome);
    if (queued) this.#queue.settle(outgoing);
    outgoing.owner?.done();
  }

  /** A best-effort publisher keeps messages longer than their settlement: then they must not pin a larger buffer. */
  #queued(outgoing: Outgoing): void | Promise<void> {
    if (!this.required) outgoing.keep();
    return this.#lane.put(outgoing);
  }
}
