import { isRetryable } from "../errors.ts";
import type { AnyMessage } from "../message/message.ts";
import { BoundedQueue } from "../queue/bounded-queue.ts";
import type { QueueBounds } from "../queue/queue-bounds.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import type { Outgoing } from "./outgoing.ts";
import { Publisher } from "./publisher.ts";

/** What an outlet is told by its block. */
export interface OutletOptions extends ConnectionOptions {
  readonly bounds: QueueBounds;
  /** The name of the stream, where the publisher has none of its own. */
  readonly stream: string;
  /** Decides on a message that the publisher refused: true to try it again. */
  readonly refused: (outgoing: Outgoing, error: unknown, attempt: number) => boolean | Promise<boolean>;
  /** Takes the error of a publisher that broke and cannot be opened again. */
  readonly broken: (error: unknown) => void;
}

const BATCH = 1_000;
const NONE: readonly Outgoing[] = Object.freeze([]);

/** Stands before each publisher: bound, policy, order, repetition, and the settlement of what left. */
export class Outlet {
  readonly publisher: Publisher<AnyMessage>;
  readonly required: boolean;
  readonly #options: OutletOptions;
  readonly #connection: Connection;
  readonly #queue: BoundedQueue<Outgoing>;
  readonly #lane: ReturnType<BoundedQueue<Outgoing>["lane"]>;
  readonly #batches: boolean;
  /** True while nothing may be sent past the queue: something is under way, or the publisher is not open. */
  #busy = true;
  /** What the publisher was given and has not answered. */
  #underWay: readonly Outgoing[] = NONE;
  /** What is being given to it. */
  #sending: Outgoing | undefined;
  /** How many events of a run did not go out here although they were to, and are counted as dropped, failed or dead. */
  readonly #notSent = new WeakMap<object, number>();
  #gone = false;
  #idle: (() => void)[] = [];

  constructor(options: OutletOptions) {
    this.#options = options;
    this.publisher = options.publisher;
    this.required = options.required;
    this.#connection = new Connection(options);
    // Nothing leaves any more when nobody waits: a later message must not overtake one that was given back.
    this.#connection.signal.addEventListener("abort", () => this.#giveUp(), { once: true });
    this.#batches = options.publisher.publishBatch !== Publisher.prototype.publishBatch;
    this.#queue = new BoundedQueue(
      options.bounds,
      (outgoing, reason) => {
        outgoing.charged = false;
        this.#dropped(outgoing, reason);
      },
      (outgoing) => {
        outgoing.charged = false;
        this.#stopped(outgoing);
      },
    );
    this.#lane = this.#queue.lane();
    this.#queue.onArrival = () => {
      if (!this.#busy) void this.#pump();
    };
  }

  get name(): string {
    return this.publisher.constructor.name;
  }

  /** True when everything that was put in has left, or nobody waits for a publisher that is away. */
  get empty(): boolean {
    if (this.#gone || (!this.required && !this.#connection.isOpen)) return true;
    return this.#queue.queued === 0 && this.#queue.waiting === 0 && this.#underWay.length === 0;
  }

  get queued(): number {
    return this.#queue.queued;
  }

  /** Gives how many events of a run did not go out here and are counted as dropped, failed or dead. */
  notSentOf(run: object): number {
    return this.#notSent.get(run) ?? 0;
  }

  /** Opens the publisher, as often as it takes; resolves when it is open or there is no more use in it. */
  async open(): Promise<void> {
    this.publisher.begin(this.#options.stream);
    if (!(await this.#connection.open())) return;
    this.#busy = false;
    if (this.#queue.queued > 0) void this.#pump();
  }

  /** True while an event may go past the queue: nothing waits, nothing is under way, and nothing is ever left out. */
  get free(): boolean {
    return !this.#busy && !this.#batches && !this.#gone && this.#queue.isUnused;
  }

  /**
   * Sends an event past the queue, only while `free`: the usual case, for which no books need to be kept. A promise says
   * that it is under way; it is then to be followed.
   */
  pass(message: AnyMessage): Promise<void> | undefined {
    let sent: void | Promise<void>;
    try {
      sent = this.publisher.publish(message);
    } catch (error) {
      sent = Promise.reject(error);
    }
    if (sent === undefined) {
      if (this.publisher.confirms) this.publisher.attempted("done");
      return undefined;
    }
    this.#busy = true;
    return sent;
  }

  /** Sees to what `pass` left under way. */
  follow(outgoing: Outgoing, sent: Promise<void>): void {
    outgoing.owner?.more();
    // Whoever gave everything up meanwhile could not know of it.
    if (this.#gone) this.#stopped(outgoing);
    void this.#answered([outgoing], sent).then(() => this.#pump());
  }

  /** Takes a result; a promise says that the bound is reached and resolves when the result was taken. */
  put(outgoing: Outgoing): void | Promise<void> {
    outgoing.owner?.more();
    if (this.#gone) {
      this.#stopped(outgoing);
      return;
    }
    if (this.#busy || this.#batches || this.#queue.queued > 0) return this.#queued(outgoing);
    if (!this.#queue.mayPass(outgoing)) {
      this.#dropped(outgoing, "run-fell-out");
      return;
    }
    const sent = this.#send(outgoing);
    if (sent === undefined) return;
    this.#busy = true;
    void this.#answered([outgoing], sent).then(() => this.#pump());
  }

  /** Resolves when everything has left. */
  async drained(): Promise<void> {
    const { signal } = this.#options;
    while (!this.empty && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const ended = (): void => {
          signal.removeEventListener("abort", ended);
          resolve();
        };
        this.#idle.push(ended);
        signal.addEventListener("abort", ended, { once: true });
      });
    }
  }

  /** Gives back what has not left, and closes the publisher. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #pump(): Promise<void> {
    this.#busy = true;
    while (this.#connection.isOpen && !this.#gone && this.#queue.queued > 0) {
      if (this.#batches) {
        const batch = this.#takeBatch();
        this.#underWay = batch;
        await this.#answered(batch, this.#sendBatch(batch));
        continue;
      }
      const outgoing = this.#queue.shift() as Outgoing;
      const sent = this.#send(outgoing);
      if (sent !== undefined) await this.#answered([outgoing], sent);
    }
    this.#busy = !this.#connection.isOpen;
    this.#tellIdle();
  }

  /** Gives one message to the publisher; undefined when it has confirmed already. */
  #send(outgoing: Outgoing): Promise<void> | undefined {
    let sent: void | Promise<void>;
    this.#sending = outgoing;
    try {
      sent = this.publisher.publish(outgoing.leaving());
    } catch (error) {
      sent = Promise.reject(error);
    }
    this.#sending = undefined;
    if (sent !== undefined) return sent;
    this.#confirmed(outgoing);
    return undefined;
  }

  async #sendBatch(batch: readonly Outgoing[]): Promise<void> {
    await this.publisher.publishBatch(batch.map((outgoing) => outgoing.leaving()));
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

  /** Waits for what the publisher says, and settles. */
  async #answered(batch: readonly Outgoing[], sent: Promise<void>): Promise<void> {
    this.#underWay = batch;
    let trouble: { readonly error: unknown } | undefined;
    try {
      await sent;
    } catch (error) {
      trouble = { error };
    }
    if (trouble !== undefined) await this.#repair(batch, trouble.error);
    else for (const outgoing of batch) this.#confirmed(outgoing);
    this.#underWay = NONE;
  }

  /**
   * Goes on after an error. One that can be retried: close, wait, open, the same messages again. Another one: each
   * message alone, so that only the one that is refused is at the block's mercy.
   */
  async #repair(batch: readonly Outgoing[], error: unknown): Promise<void> {
    this.publisher.attempted("failed");
    let trouble: unknown = error;
    // A refusal is held against a message only when it was alone.
    let refusals = batch.length > 1 ? 0 : 1;
    for (let index = 0; index < batch.length; ) {
      const outgoing = batch[index] as Outgoing;
      if (this.#gone) {
        this.#stopped(outgoing);
        index += 1;
        continue;
      }
      if (isRetryable(trouble)) {
        refusals -= 1;
        if (!(await this.#reopened(trouble))) continue;
      } else if (refusals > 0 && !(await this.#options.refused(outgoing, trouble, refusals))) {
        this.publisher.refused(outgoing.message);
        this.#countNotSent(outgoing);
        this.#over(outgoing);
        index += 1;
        refusals = 0;
        trouble = undefined;
        continue;
      }
      if (this.#gone) continue;
      try {
        await this.publisher.publish(outgoing.leaving());
      } catch (again) {
        this.publisher.attempted("failed");
        trouble = again;
        refusals += 1;
        continue;
      }
      this.#confirmed(outgoing);
      index += 1;
      refusals = 0;
      trouble = undefined;
    }
  }

  async #reopened(trouble: unknown): Promise<boolean> {
    const reopened = this.#connection.reopen(trouble);
    if (!this.required) this.#tellIdle();
    try {
      return await reopened;
    } catch (fatal) {
      this.#giveUp();
      this.#options.broken(fatal);
      return false;
    }
  }

  /** Takes nothing more and gives back everything that has not left. */
  #giveUp(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#queue.closeIntake();
    for (const outgoing of this.#queue.drain()) this.#stopped(outgoing);
    for (const outgoing of this.#underWay) this.#stopped(outgoing);
    if (this.#sending !== undefined) this.#stopped(this.#sending);
    this.#tellIdle();
  }

  #confirmed(outgoing: Outgoing): void {
    if (this.publisher.confirms) this.publisher.attempted("done");
    const { tally } = outgoing;
    if (outgoing.over) return;
    if (tally !== undefined && outgoing.counts) {
      tally.published += 1;
      if (outgoing.kind === "event") tally.publishedEvents += 1;
    }
    this.#over(outgoing);
  }

  #dropped(outgoing: Outgoing, reason: string): void {
    try {
      this.publisher.leaveOut(outgoing.message);
    } catch {
      // A message without a topic takes no number; it is left out all the same.
    }
    this.#countNotSent(outgoing);
    outgoing.owner?.spoil("dropped", reason);
    if (outgoing.owner === undefined) outgoing.tally?.because(`${this.name}: ${reason}`);
    this.#over(outgoing);
  }

  /** A best-effort publisher's have no part in what its block counts. */
  #countNotSent({ owner, kind, run }: Outgoing): void {
    if (owner === undefined || kind !== "event" || run === undefined) return;
    this.#notSent.set(run, this.notSentOf(run) + 1);
  }

  /** Gives back what will not be published any more. */
  #stopped(outgoing: Outgoing): void {
    if (outgoing.over) return;
    outgoing.owner?.spoil("stopped", "stopped");
    this.#over(outgoing);
  }

  /** Settles once; what was given back may still be answered later. */
  #over(outgoing: Outgoing): void {
    if (outgoing.over) return;
    outgoing.over = true;
    if (outgoing.charged) this.#queue.settle(outgoing);
    outgoing.owner?.done();
  }

  #tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** A best-effort publisher keeps messages longer than their settlement: then they must not pin a larger buffer. */
  #queued(outgoing: Outgoing): void | Promise<void> {
    if (!this.required) outgoing.keep();
    outgoing.charged = true;
    return this.#lane.put(outgoing);
  }
}
