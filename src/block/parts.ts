import { join } from "node:path";
import type { DeadLetterStore } from "../dead-letters/dead-letter-store.ts";
import { FileStore } from "../dead-letters/file-store.ts";
import { PublishError } from "../errors.ts";
import type { Tell } from "../events.ts";
import { BlockInlet } from "../listener/block-inlet.ts";
import type { Listener } from "../listener/listener.ts";
import { limitsOf } from "../message/limits.ts";
import type { AnyMessage } from "../message/message.ts";
import { Exit } from "../operator/exit.ts";
import { operatorOf, PassThrough } from "../operator/function-operator.ts";
import type { Operator } from "../operator/operator.ts";
import { ProcessLoop } from "../operator/process-loop.ts";
import { Outlet } from "../publisher/outlet.ts";
import { BoundedQueue } from "../queue/bounded-queue.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { QueueBounds } from "../queue/queue-bounds.ts";
import { Timings } from "../queue/timings.ts";
import { Ledger } from "../runs/ledger.ts";
import type { Clock } from "../time/clock.ts";
import { Faults } from "./faults.ts";
import { Listening } from "./listening.ts";
import { type BlockOptions, DEFAULTS, errorRule, type PublisherPlace } from "./options.ts";
import { stopAccount } from "./stop-account.ts";

/** What the parts of a block have in common. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: () => number;
  /** Takes secrets out of the texts of errors. */
  readonly redact: (text: string) => string;
  readonly tell: Tell;
  /** Aborts when nothing more is taken in. */
  readonly intake: AbortSignal;
  /** Aborts when nothing is waited for any more. */
  readonly work: AbortSignal;
  readonly fail: (error: unknown) => void;
}

/** How many messages of a listener may wait for the Starts of their runs. */
const MAX_WAITING = 500;

/** Holds what a block is made of, joined together: inlets, queue, loop, outlets, and the books. */
export class Parts {
  readonly ledger: Ledger = new Ledger();
  readonly timings: Timings = new Timings();
  readonly operator: Operator<AnyMessage, AnyMessage>;
  readonly queue: BoundedQueue<Delivery>;
  readonly exit: Exit;
  readonly loop: ProcessLoop;
  readonly store: DeadLetterStore | undefined;
  /** Outlets that were taken out and still have something to send. */
  readonly leaving: Set<Outlet> = new Set();
  readonly listenings: Map<Listener<AnyMessage>, Listening> = new Map();
  readonly #options: BlockOptions<AnyMessage, AnyMessage>;
  readonly #around: Surroundings;
  readonly #faults: Faults;
  readonly #settling = new Set<Promise<void>>();
  /** Inlets of listeners that were let go and still have something to settle. */
  readonly #retired = new Set<BlockInlet>();

  constructor(options: BlockOptions<AnyMessage, AnyMessage>, around: Surroundings) {
    this.#options = options;
    this.#around = around;
    const { name } = options;
    const { clock, tell, work, fail, redact } = around;
    const { retries, resort } = errorRule(options.onError);
    this.operator = options.operator === undefined ? new PassThrough() : operatorOf(options.operator);
    this.store = resort === "dead-letter" ? storeOf(options) : undefined;
    this.#faults = new Faults({
      block: name,
      retries,
      resort,
      store: this.store,
      ledger: this.ledger,
      clock,
      tell,
      signal: work,
      fail,
      redact,
    });
    this.queue = new BoundedQueue<Delivery>(
      boundsOf(options),
      (delivery, reason) => leave(delivery, "dropped", reason),
      (delivery) => leave(delivery, "stopped", "stopped"),
    );
    this.exit = new Exit({
      mergesRuns: this.operator.mergesRuns,
      base: this.ledger.base,
      seal: (stop, delivery, outlet) => stopAccount(stop, delivery, outlet, name, this.ledger, this.loop.holds),
    });
    this.loop = new ProcessLoop({
      block: name,
      operator: this.operator,
      queue: this.queue,
      exit: this.exit,
      timings: this.timings,
      clock,
      concurrency: options.concurrency ?? this.operator.concurrency ?? 1,
      unordered: options.unordered ?? false,
      processTimeoutMs: options.processTimeoutMs,
      signal: work,
      failed: (delivery, error, attempt) =>
        this.#faults.process(delivery, (delivery.keeper as BlockInlet).listener, error, attempt),
      broken: fail,
      warn: (message) => tell("warning", { message }),
    });
  }

  /** Makes the outlet of a publisher; it is not open and gets nothing yet. */
  outlet({ publisher, required, bounds }: PublisherPlace): Outlet {
    const { clock, random, tell, work, fail } = this.#around;
    publisher.onWarning ??= (message) => tell("warning", { message });
    publisher.onLeftOut ??= (reason, messages) =>
      this.ledger.base.because(`${publisher.constructor.name}: ${reason}`, messages);
    return new Outlet({
      publisher,
      required,
      bounds,
      stream: this.#options.name,
      clock,
      random,
      tell,
      signal: work,
      refused: (outgoing, error, attempt) => this.#faults.publish(outgoing, publisher.constructor.name, error, attempt),
      broken: (error) => fail(new PublishError(this.#options.name, publisher.constructor.name, error)),
    });
  }

  /** Starts a listener. */
  listen(listener: Listener<AnyMessage>): Listening {
    const recoverRuns = this.#options.recover === "run";
    const listening = new Listening({ ...this.#around, listener, recoverRuns }, (ready) =>
      this.#inlet(listener, recoverRuns, ready),
    );
    this.listenings.set(listener, listening);
    return listening;
  }

  /** Lets a listener go; what came of its messages is still settled. */
  retire({ listener, inlet }: Listening): void {
    inlet.close();
    this.listenings.delete(listener);
    for (const retired of this.#retired) if (!retired.keepsSettlements) this.#retired.delete(retired);
    if (inlet.keepsSettlements) this.#retired.add(inlet);
  }

  /** Gives back what was kept for messages that were not finished. */
  giveBackRuns(): void {
    for (const { inlet } of this.listenings.values()) inlet.giveBackRuns();
    for (const inlet of this.#retired) inlet.giveBackRuns();
  }

  /** Takes nothing more in, and gives back all that is not finished. */
  giveBack(): void {
    this.queue.closeIntake();
    this.loop.close("stopped");
    for (const delivery of this.queue.drain()) delivery.conclude("stopped", "stopped");
    for (const { inlet } of this.listenings.values()) inlet.close();
  }

  /** Resolves when no acknowledgement is under way. */
  async settled(): Promise<void> {
    while (this.#settling.size > 0) await Promise.allSettled([...this.#settling]);
  }

  #inlet(listener: Listener<AnyMessage>, recoverRuns: boolean, ready: () => void): BlockInlet {
    const { startWaitMs, abandonAfterMs, maxOpenRuns, withoutStart, guarantee } = this.#options;
    const { clock, tell } = this.#around;
    return new BlockInlet({
      listener,
      queue: this.queue,
      ledger: this.ledger,
      timings: this.timings,
      clock,
      tell,
      limits: limitsOf(listener.codec),
      tracker: {
        startWaitMs: startWaitMs ?? DEFAULTS.startWaitMs,
        abandonAfterMs: abandonAfterMs ?? DEFAULTS.abandonAfterMs,
        maxOpenRuns: maxOpenRuns ?? DEFAULTS.maxOpenRuns,
        withoutStart: withoutStart ?? listener.codec.withoutStart ?? "drop",
        maxWaiting: MAX_WAITING,
        maxWaitingBytes: boundsOf(this.#options).maxBytes / 4,
      },
      silenceEnds: abandonAfterMs !== undefined && listener.replay === "none",
      recoverRuns,
      atMostOnce: guarantee === "at-most-once",
      reject: (frames, error, settlement) => this.#faults.decode(listener, frames, error, settlement),
      settling: (promise) => {
        this.#settling.add(promise);
        void promise.finally(() => this.#settling.delete(promise));
      },
      ready,
      // Nobody has hold of an operator of this class, and could add publishers later.
      staysInside:
        this.operator.constructor === PassThrough && this.exit.outlets.every(({ publisher }) => publisher.keepsNothing),
    });
  }
}

function boundsOf({ overflow, maxMessages, maxBytes }: BlockOptions<AnyMessage, AnyMessage>): QueueBounds {
  const { queue } = DEFAULTS;
  return {
    overflow: overflow ?? queue.overflow,
    maxMessages: maxMessages ?? queue.maxMessages,
    maxBytes: maxBytes ?? queue.maxBytes,
  };
}

function storeOf({ name, deadLetters }: BlockOptions<AnyMessage, AnyMessage>): DeadLetterStore {
  return new FileStore({ path: join("dead-letters", name), ...deadLetters });
}

/** The queue has released the memory of what it hands back. */
function leave(delivery: Delivery, outcome: "dropped" | "stopped", reason: string): void {
  delivery.charged = false;
  delivery.conclude(outcome, reason);
}
