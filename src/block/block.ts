import { join } from "node:path";
import { EventEmitter } from "eventemitter3";
import type { DeadLetterStore } from "../dead-letters/dead-letter-store.ts";
import { FileStore } from "../dead-letters/file-store.ts";
import { SeveralErrors, UsageError } from "../errors.ts";
import type { BlockEvents, Tell } from "../events.ts";
import { BlockInlet } from "../listener/block-inlet.ts";
import type { Listener } from "../listener/listener.ts";
import type { Account } from "../message/account.ts";
import { DEFAULT_LIMITS } from "../message/limits.ts";
import type { AnyMessage, Message } from "../message/message.ts";
import { Start } from "../message/start.ts";
import { Stop } from "../message/stop.ts";
import { Exit } from "../operator/exit.ts";
import { operatorOf, passThrough } from "../operator/function-operator.ts";
import { type Host, Operator } from "../operator/operator.ts";
import { ProcessLoop } from "../operator/process-loop.ts";
import { Outgoing } from "../publisher/outgoing.ts";
import { Outlet } from "../publisher/outlet.ts";
import { Publisher } from "../publisher/publisher.ts";
import type { PublisherEntry } from "../publisher/publisher-entry.ts";
import { BoundedQueue } from "../queue/bounded-queue.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { QueueBounds } from "../queue/queue-bounds.ts";
import { Ledger } from "../runs/ledger.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { untilAborted } from "../time/wait.ts";
import { Faults } from "./faults.ts";
import { Listening } from "./listening.ts";
import { type BlockOptions, checkOptions, DEFAULTS, errorRule, type PublisherPlace, placeOf } from "./options.ts";
import { checkPromises } from "./promises.ts";
import { stopAccount } from "./stop-account.ts";

/** What a block needs from the world; given in tests. */
export interface World {
  readonly clock?: Clock;
  /** Gives numbers from 0 up to, not including, 1. */
  readonly random?: () => number;
}

/** Says how much of what is in a block now. */
export interface Load {
  readonly queued: number;
  readonly held: number;
  /** The memory of all that is not settled. */
  readonly bytes: number;
  /** Calls of the operator that have begun. */
  readonly running: number;
  /** Those of them that are waited for. */
  readonly computing: number;
  /** Results that wait for publishers. */
  readonly outgoing: number;
}

type BlockState = "new" | "starting" | "running" | "draining" | "ended" | "failed";
const MAX_WAITING = 500;

/** Leads listeners through an operator to publishers, with one name and one life. */
export class Block<In extends AnyMessage = Message, Out extends AnyMessage = Message> implements AsyncDisposable {
  readonly name: string;
  /** Resolves to the account when the block has ended; rejects when it failed. */
  readonly finished: Promise<Account>;
  readonly #options: BlockOptions<AnyMessage, AnyMessage>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #emitter: EventEmitter = new EventEmitter();
  readonly #ledger = new Ledger();
  readonly #operator: Operator<AnyMessage, AnyMessage>;
  readonly #queue: BoundedQueue<Delivery>;
  readonly #exit: Exit;
  readonly #loop: ProcessLoop;
  readonly #faults: Faults;
  readonly #store: DeadLetterStore | undefined;
  /** Aborts when nothing more is taken in. */
  readonly #intake = new AbortController();
  /** Aborts when nothing is waited for any more. */
  readonly #work = new AbortController();
  readonly #listenings = new Map<Listener<AnyMessage>, Listening>();
  readonly #settling = new Set<Promise<void>>();
  readonly #listeners: Listener<AnyMessage>[];
  readonly #places: PublisherPlace[];
  #state: BlockState = "new";
  #error: unknown;
  #ending: Promise<Account> | undefined;
  #resolve: (account: Account) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(options: BlockOptions<In, Out>, world: World = {}) {
    checkOptions(options as unknown as BlockOptions<never, never>);
    this.#options = options as unknown as BlockOptions<AnyMessage, AnyMessage>;
    this.name = options.name;
    this.#clock = world.clock ?? systemClock;
    this.#random = world.random ?? Math.random;
    this.#listeners = [...this.#options.listeners];
    this.#places = (this.#options.publishers ?? []).map((entry) => placeOf(entry, this.name));
    this.#operator = options.operator === undefined ? passThrough() : operatorOf(this.#options.operator as never);
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever does not ask for `finished` hears of a failure by stop() or start(); it is no unhandled rejection.
    this.finished.catch(() => undefined);
    const { retries, resort } = errorRule(options.onError);
    this.#store = resort === "dead-letter" ? this.#makeStore() : undefined;
    this.#faults = new Faults({
      block: this.name,
      retries,
      resort,
      store: this.#store,
      ledger: this.#ledger,
      clock: this.#clock,
      tell: this.#tell,
      signal: this.#work.signal,
      fail: (error) => this.#fail(error),
    });
    this.#queue = new BoundedQueue<Delivery>(
      this.#bounds(),
      (delivery, reason) => {
        delivery.charged = false;
        delivery.conclude("dropped", reason);
      },
      (delivery) => {
        delivery.charged = false;
        delivery.conclude("stopped", "stopped");
      },
    );
    this.#exit = new Exit({
      base: this.#ledger.base,
      seal: (stop, delivery, outlet) => stopAccount(stop, delivery, outlet, this.name, this.#ledger, this.#loop.holds),
    });
    this.#loop = new ProcessLoop({
      block: this.name,
      operator: this.#operator,
      queue: this.#queue,
      exit: this.#exit,
      clock: this.#clock,
      concurrency: options.concurrency ?? 1,
      unordered: options.unordered ?? false,
      processTimeoutMs: options.processTimeoutMs,
      signal: this.#work.signal,
      failed: (delivery, error, attempt) =>
        this.#faults.process(delivery, (delivery.keeper as BlockInlet).listener, error, attempt),
      broken: (error) => this.#fail(error),
      warn: (message) => this.#tell("warning", { message }),
    });
  }

  /** What became of every message so far. */
  get account(): Account {
    return this.#ledger.account(this.name);
  }

  /** How much is queued, held and in work now. */
  get load(): Load {
    const { queued, held, bytes } = this.#queue;
    const outgoing = this.#exit.outlets.reduce((sum, outlet) => sum + outlet.queued, 0);
    return { queued, held, bytes, running: this.#loop.running, computing: this.#loop.computing, outgoing };
  }

  /** Opens the publishers, then the operator, and starts the listeners. */
  async start(): Promise<void> {
    if (this.#state !== "new") throw new UsageError(`block ${this.name}: was started before; make a new one`);
    this.#state = "starting";
    this.#tell("state", { part: "block", state: "starting" });
    try {
      checkPromises(this.#options, this.#listeners, this.#places);
      Operator.host(this.#operator, this.#host);
      await this.#store?.open();
      await this.#openPublishers();
      await this.#operator.open(this.#work.signal);
    } catch (error) {
      this.#fail(error);
      await this.#ending?.catch(() => undefined);
      throw error;
    }
    if (this.#state !== "starting") return;
    this.#state = "running";
    for (const listener of this.#listeners) this.#listen(listener);
    this.#watchEnd();
  }

  /** Resolves when every listener is connected. */
  async ready(): Promise<void> {
    if (this.#state === "new") await this.start();
    while (this.#state === "starting") await this.#changed();
    await Promise.all([...this.#listenings.values()].map(({ ready }) => ready));
    if (this.#error !== undefined) throw this.#error;
  }

  /**
   * Ends the block: takes nothing more in, finishes what is there within the deadline, closes everything. With
   * `abandon` nothing is finished. It never throws for a block that has ended, and gives the account also of one that
   * failed.
   */
  async stop(options: { readonly deadlineMs?: number; readonly abandon?: boolean } = {}): Promise<Account> {
    if (options.abandon === true) this.#work.abort();
    const ending = this.#end(options.deadlineMs);
    try {
      return await ending;
    } catch {
      return this.account;
    }
  }

  /** Listens to what the block tells. */
  on<E extends keyof BlockEvents>(event: E, listener: (news: BlockEvents[E]) => void): this {
    this.#emitter.on(event, listener as (news: unknown) => void);
    return this;
  }

  /** Listens once. */
  once<E extends keyof BlockEvents>(event: E, listener: (news: BlockEvents[E]) => void): this {
    this.#emitter.once(event, listener as (news: unknown) => void);
    return this;
  }

  /** Listens no longer. */
  off<E extends keyof BlockEvents>(event: E, listener: (news: BlockEvents[E]) => void): this {
    this.#emitter.off(event, listener as (news: unknown) => void);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #host: Host = {
    addListener: async (listener) => {
      this.#mustRun("addListener");
      if (this.#listenings.has(listener)) {
        throw new UsageError(`block ${this.name}: ${listener.constructor.name} is already in it; add another one`);
      }
      checkPromises(this.#options, [listener], []);
      await this.#listen(listener).ready;
    },
    removeListener: async (listener) => {
      const listening = this.#listenings.get(listener);
      if (listening === undefined) return;
      listening.stop();
      await listening.over;
      await untilAborted(this.#loop.drained(), this.#work.signal);
      listening.inlet.close();
      this.#listenings.delete(listener);
    },
    addPublisher: async (entry) => {
      this.#mustRun("addPublisher");
      const place = placeOf(entry as PublisherEntry<AnyMessage>, this.name);
      checkPromises(this.#options, [], [place]);
      if (this.#exit.outlets.some(({ publisher }) => publisher === place.publisher)) {
        throw new UsageError(
          `block ${this.name}: ${place.publisher.constructor.name} is already in it; add another one`,
        );
      }
      const outlet = this.#outlet(place);
      const opened = outlet.open();
      if (place.required) await opened;
      else opened.catch((error: unknown) => this.#tell("warning", { message: String(error) }));
      for (const start of this.#exit.openStarts) {
        const resumed = new Start(start.data, { ...start.envelope, resumed: true });
        void outlet.put(new Outgoing(resumed, this.#exit.runNamed(start.run), 0, undefined, undefined));
      }
      this.#exit.add(outlet);
    },
    removePublisher: async (publisher) => {
      const outlet = this.#exit.outlets.find((other) => other.publisher === publisher);
      if (outlet === undefined) return;
      this.#exit.remove(outlet);
      for (const { run } of this.#exit.openStarts) {
        const stop = new Stop({}, { run, reason: "interrupted", timeMs: this.#clock.now() });
        void outlet.put(new Outgoing(stop, this.#exit.runNamed(run), 0, undefined, undefined));
      }
      await outlet.drained();
      await outlet.close();
    },
  };

  readonly #tell: Tell = (event, news) => {
    this.#emitter.emit(event, { block: this.name, ...news });
  };

  #bounds(): QueueBounds {
    const { overflow, maxMessages, maxBytes } = this.#options;
    return {
      overflow: overflow ?? DEFAULTS.queue.overflow,
      maxMessages: maxMessages ?? DEFAULTS.queue.maxMessages,
      maxBytes: maxBytes ?? DEFAULTS.queue.maxBytes,
    };
  }

  #makeStore(): DeadLetterStore {
    const { deadLetters } = this.#options;
    const path = deadLetters?.path ?? join("dead-letters", this.name);
    return new FileStore(deadLetters?.maxBytes === undefined ? { path } : { path, maxBytes: deadLetters.maxBytes });
  }

  #outlet({ publisher, required, bounds }: PublisherPlace): Outlet {
    return new Outlet({
      publisher,
      required,
      bounds,
      stream: this.name,
      clock: this.#clock,
      random: this.#random,
      tell: this.#tell,
      signal: this.#work.signal,
      refused: (outgoing, error, attempt) => this.#faults.publish(outgoing, publisher.constructor.name, error, attempt),
    });
  }

  async #openPublishers(): Promise<void> {
    const opening: Promise<void>[] = [];
    for (const place of this.#places) {
      const outlet = this.#outlet(place);
      this.#exit.add(outlet);
      const opened = outlet.open();
      if (place.required) opening.push(opened);
      else opened.catch((error: unknown) => this.#tell("warning", { message: String(error) }));
    }
    const ends = await Promise.allSettled(opening);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  #listen(listener: Listener<AnyMessage>): Listening {
    const { startWaitMs, abandonAfterMs, maxOpenRuns, withoutStart, recover, guarantee } = this.#options;
    const recoverRuns = recover === "run";
    const { maxBytes } = this.#bounds();
    const listening = new Listening(
      {
        listener,
        clock: this.#clock,
        random: this.#random,
        tell: this.#tell,
        recoverRuns,
        intake: this.#intake.signal,
        work: this.#work.signal,
        fail: (error) => this.#fail(error),
      },
      (ready) =>
        new BlockInlet({
          listener,
          queue: this.#queue,
          ledger: this.#ledger,
          clock: this.#clock,
          tell: this.#tell,
          limits: DEFAULT_LIMITS,
          tracker: {
            startWaitMs: startWaitMs ?? DEFAULTS.startWaitMs,
            abandonAfterMs: abandonAfterMs ?? DEFAULTS.abandonAfterMs,
            maxOpenRuns: maxOpenRuns ?? DEFAULTS.maxOpenRuns,
            withoutStart: withoutStart ?? listener.codec.withoutStart ?? "drop",
            maxWaiting: MAX_WAITING,
            maxWaitingBytes: maxBytes / 4,
          },
          silenceEnds: abandonAfterMs !== undefined && listener.replay === "none",
          recoverRuns,
          atMostOnce: guarantee === "at-most-once",
          reject: (frames, error, settlement) => this.#faults.decode(listener, frames, error, settlement),
          settling: (promise) => this.#watch(promise),
          ready,
        }),
    );
    this.#listenings.set(listener, listening);
    return listening;
  }

  #watch(promise: Promise<void>): void {
    this.#settling.add(promise);
    void promise.finally(() => this.#settling.delete(promise));
  }

  /** Ends the block when the last source has ended by itself. */
  #watchEnd(): void {
    void (async () => {
      while (this.#state === "running") {
        const listenings = [...this.#listenings.values()];
        await Promise.all(listenings.map(({ over }) => over));
        if (listenings.length === 0) await this.#changed();
        else if ([...this.#listenings.values()].every((listening) => listenings.includes(listening))) break;
      }
      if (this.#state === "running") await this.#end();
    })().catch(() => undefined);
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#emitter.once("state", () => resolve());
    });
  }

  #mustRun(method: string): void {
    if (this.#state === "running") return;
    throw new UsageError(`block ${this.name}: ${method} is for a block that runs; this one is ${this.#state}`);
  }

  #fail(error: unknown): void {
    if (this.#error !== undefined || this.#state === "ended") return;
    this.#error = error ?? new UsageError(`block ${this.name}: failed without an error`);
    this.#tell("state", { part: "block", state: "failed", detail: String(error) });
    this.#intake.abort();
    this.#queue.closeIntake();
    this.#loop.close("stopped");
    for (const delivery of this.#queue.drain()) delivery.conclude("stopped", "stopped");
    for (const { inlet } of this.#listenings.values()) inlet.close();
    void this.#end().catch(() => undefined);
  }

  #end(deadlineMs = this.#options.drainMs ?? DEFAULTS.drainMs): Promise<Account> {
    const sooner = this.#clock.after(deadlineMs, () => this.#work.abort());
    this.#ending ??= this.#drain();
    return this.#ending.finally(sooner);
  }

  async #drain(): Promise<Account> {
    if (this.#state === "running" || this.#state === "new") this.#state = "draining";
    this.#tell("state", { part: "block", state: "draining" });
    this.#intake.abort();
    const { signal } = this.#work;
    await untilAborted(Promise.all([...this.#listenings.values()].map(({ over }) => over)), signal);
    await untilAborted(this.#loop.drained(), signal);
    await untilAborted(this.#loop.finish(), signal);
    await untilAborted(Promise.all(this.#exit.outlets.map((outlet) => outlet.drained())), signal);
    await untilAborted(this.#settled(), signal);
    const troubles = await this.#close();
    this.#state = this.#error === undefined ? "ended" : "failed";
    const { account } = this;
    this.#tell("state", { part: "block", state: this.#state });
    if (this.#error !== undefined) {
      this.#reject(this.#error);
      throw this.#error;
    }
    if (troubles.size > 0) {
      const error = new SeveralErrors(`block ${this.name}: could not close everything`, troubles);
      this.#tell("warning", { message: error.message });
    }
    this.#resolve(account);
    return account;
  }

  /** Gives back what is left, then closes in the reverse order of opening; goes on after an error. */
  async #close(): Promise<Map<string, unknown>> {
    const troubles = new Map<string, unknown>();
    const attempt = async (name: string, close: () => void | Promise<void>): Promise<void> => {
      try {
        await this.#bounded(Promise.resolve(close()));
      } catch (error) {
        troubles.set(name, error);
      }
    };
    for (const { inlet } of this.#listenings.values()) inlet.close();
    this.#queue.closeIntake();
    this.#loop.close("stopped");
    for (const delivery of this.#queue.drain()) delivery.conclude("stopped", "stopped");
    for (const { inlet } of this.#listenings.values()) inlet.giveBackRuns();
    await attempt(this.#operator.constructor.name, () => this.#operator.close());
    for (const outlet of [...this.#exit.outlets].reverse()) await attempt(outlet.name, () => outlet.close());
    await this.#bounded(this.#settled());
    if (this.#store !== undefined) await attempt("dead letters", () => this.#store?.close());
    Operator.host(this.#operator, undefined);
    return troubles;
  }

  /** Waits for the acknowledgements that are under way. */
  async #settled(): Promise<void> {
    while (this.#settling.size > 0) await Promise.allSettled([...this.#settling]);
  }

  /** Waits for something at most a second after nothing is waited for any more. */
  async #bounded(promise: Promise<unknown>): Promise<void> {
    let cancel: () => void = () => undefined;
    const late = new Promise<void>((resolve) => {
      const begin = (): void => {
        cancel = this.#clock.after(1_000, resolve);
      };
      if (this.#work.signal.aborted) begin();
      else this.#work.signal.addEventListener("abort", begin, { once: true });
    });
    try {
      await Promise.race([promise, late]);
    } finally {
      cancel();
    }
  }
}
