import { setMaxListeners } from "node:events";
import { EventEmitter } from "eventemitter3";
import { SeveralErrors, text, UsageError } from "../errors.ts";
import type { BlockEvents, Tell } from "../events.ts";
import type { Account } from "../message/account.ts";
import type { AnyMessage, Message } from "../message/message.ts";
import { Operator } from "../operator/operator.ts";
import type { Quantiles } from "../queue/timings.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { untilAborted, within } from "../time/wait.ts";
import { Changes } from "./changes.ts";
import {
  type BlockOptions,
  checkOptions,
  DEFAULTS,
  type OptionsWithOperator,
  type OptionsWithoutOperator,
  type PublisherPlace,
  placeOf,
} from "./options.ts";
import { Parts } from "./parts.ts";
import { checkPromises } from "./promises.ts";

/** What a block needs from the world; given in tests. */
export interface World {
  readonly clock?: Clock;
  /** Gives numbers from 0 up to, not including, 1. */
  readonly random?: () => number;
  /** Takes secrets out of the texts of errors, before they go into accounts and dead letters. */
  readonly redact?: (text: string) => string;
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

/** Says how long things take in a block, in milliseconds, of the newest thousand messages. */
export interface BlockTimings {
  /** Calls of the operator. */
  readonly process: Quantiles;
  /** How long messages waited in the queue before. */
  readonly queued: Quantiles;
  /** The age of the oldest message that is not settled; 0 where there is none. */
  readonly oldest: number;
}

/** How long what hangs, or is not required, is waited for when all else is done. */
const GRACE_MS = 1_000;

type BlockState = "new" | "starting" | "running" | "draining" | "ended" | "failed";

/** Leads listeners through an operator to publishers, with one name and one life. */
export class Block<In extends AnyMessage = Message, Out extends AnyMessage = Message> implements AsyncDisposable {
  readonly name: string;
  /** Resolves to the account when the block has ended; rejects when it failed. */
  readonly finished: Promise<Account>;
  readonly #options: BlockOptions<AnyMessage, AnyMessage>;
  readonly #clock: Clock;
  readonly #emitter: EventEmitter = new EventEmitter();
  readonly #parts: Parts;
  readonly #changes: Changes;
  /** Aborts when nothing more is taken in. */
  readonly #intake = new AbortController();
  /** Aborts when nothing is waited for any more. */
  readonly #work = new AbortController();
  readonly #places: PublisherPlace[];
  #state: BlockState = "new";
  #error: unknown;
  #starting: Promise<void> | undefined;
  #opening: Promise<void> = Promise.resolve();
  /** Whether the operator is in this block, and open. */
  #hosts = false;
  #operates = false;
  /** True when the operator was closed, or would have been. */
  #isOver = false;
  #ending: Promise<Account> | undefined;
  #resolve: (account: Account) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  // Two signatures: in one alone, what `publishers` asks for would be both types at once where both are named.
  constructor(options: OptionsWithOperator<In, Out>, world?: World);
  constructor(options: OptionsWithOperator<In, Out> | OptionsWithoutOperator<In>, world?: World);
  constructor(options: BlockOptions<In, Out>, world: World = {}) {
    checkOptions(options as unknown as BlockOptions<never, never>);
    this.#options = options as unknown as BlockOptions<AnyMessage, AnyMessage>;
    this.name = options.name;
    this.#clock = world.clock ?? systemClock;
    this.#places = (this.#options.publishers ?? []).map((entry) => placeOf(entry, this.name));
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever does not ask for `finished` hears of a failure by stop() or start(); it is no unhandled rejection.
    this.finished.catch(() => undefined);
    // Each of the parts waits for these.
    setMaxListeners(0, this.#intake.signal, this.#work.signal);
    const around = {
      clock: this.#clock,
      random: world.random ?? Math.random,
      redact: world.redact ?? ((text: string) => text),
      tell: this.#tell,
      intake: this.#intake.signal,
      work: this.#work.signal,
      fail: (error: unknown) => this.#fail(error),
    };
    this.#parts = new Parts(this.#options, around);
    this.#changes = new Changes({
      options: this.#options,
      parts: this.#parts,
      clock: this.#clock,
      tell: this.#tell,
      work: this.#work.signal,
      mustRun: (method) => this.#mustRun(method),
    });
  }

  /** What became of every message so far. */
  get account(): Account {
    return this.#parts.ledger.account(this.name);
  }

  /** How much is queued, held and in work now. */
  get load(): Load {
    const { queue, exit, loop } = this.#parts;
    const { queued, held, bytes } = queue;
    const outgoing = exit.outlets.reduce((sum, outlet) => sum + outlet.queued, 0);
    return { queued, held, bytes, running: loop.running, computing: loop.computing, outgoing };
  }

  /** How long messages wait in the queue and are worked on, and the age of the oldest one; measured once this was asked. */
  get timings(): BlockTimings {
    const { timings } = this.#parts;
    timings.on = true;
    const { process, queued, oldest } = timings;
    return { process, queued, oldest };
  }

  /** Opens the publishers, then the operator, and starts the listeners. */
  async start(): Promise<void> {
    if (this.#state !== "new") throw new UsageError(`block ${this.name}: was started before; make a new one`);
    this.#state = "starting";
    this.#tell("state", { part: "block", state: "starting" });
    this.#starting = this.#begin();
    await this.#starting;
  }

  /** Resolves when every listener is connected. */
  async ready(): Promise<void> {
    await (this.#starting ?? this.start());
    await Promise.all([...this.#parts.listenings.values()].map(({ ready }) => ready));
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

  readonly #tell: Tell = (event, news) => {
    this.#emitter.emit(event, { block: this.name, ...news });
  };

  async #begin(): Promise<void> {
    this.#opening = this.#open();
    const ended = this.finished.then(
      () => undefined,
      () => undefined,
    );
    try {
      // What does not listen to its signal may stay in the middle of opening for ever.
      await Promise.race([this.#opening, ended]);
    } catch (error) {
      // What fails because the block was stopped meanwhile is no error.
      if (this.#state === "starting") this.#fail(error);
    }
    if (this.#state !== "starting") {
      await this.#ending?.catch(() => undefined);
      if (this.#error !== undefined) throw this.#error;
      return;
    }
    this.#state = "running";
    for (const listener of this.#options.listeners) this.#parts.listen(listener);
    this.#watchEnd();
  }

  /** Opens everything, or as much as is opened when the block is stopped meanwhile. */
  async #open(): Promise<void> {
    const { store, operator } = this.#parts;
    checkPromises(this.#options, this.#options.listeners, this.#places);
    Operator.host(operator, this.#changes);
    this.#hosts = true;
    await store?.open();
    if (this.#state !== "starting") return;
    await this.#openPublishers();
    if (this.#state !== "starting") return;
    await operator.open(this.#work.signal);
    this.#operates = true;
    if (this.#isOver) await operator.close();
  }

  async #openPublishers(): Promise<void> {
    const opening: Promise<void>[] = [];
    for (const place of this.#places) {
      const outlet = this.#parts.outlet(place);
      this.#parts.exit.add(outlet);
      const opened = outlet.open();
      if (place.required) opening.push(opened);
      else opened.catch((error: unknown) => this.#tell("warning", { message: text(error) }));
    }
    const ends = await Promise.allSettled(opening);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /** Ends the block when the last source has ended by itself. */
  #watchEnd(): void {
    void (async () => {
      while (this.#state === "running") {
        const listenings = [...this.#parts.listenings.values()];
        await Promise.all(listenings.map(({ over }) => over));
        const now = [...this.#parts.listenings.values()];
        // A block whose listeners were all taken out waits for others.
        if (now.every(({ removed }) => removed)) await this.#changed();
        else if (now.every((listening) => listenings.includes(listening))) break;
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
    this.#parts.giveBack();
    void this.#end().catch(() => undefined);
  }

  #end(deadlineMs = this.#options.drainMs ?? DEFAULTS.drainMs): Promise<Account> {
    const sooner = this.#clock.after(deadlineMs, () => this.#work.abort());
    this.#ending ??= this.#drain();
    return this.#ending.finally(sooner);
  }

  async #drain(): Promise<Account> {
    // Nothing came in yet, so that there is nothing to wait for.
    if (this.#state === "starting") this.#work.abort();
    this.#state = "draining";
    this.#tell("state", { part: "block", state: "draining" });
    this.#intake.abort();
    const { signal } = this.#work;
    const { loop, exit, leaving, listenings } = this.#parts;
    await this.#bounded(this.#opening.catch(() => undefined));
    await untilAborted(Promise.all([...listenings.values()].map(({ over }) => over)), signal);
    await untilAborted(loop.drained(), signal);
    // Runs that will be given again are not asked for what they have so far.
    if (this.#options.recover !== "run" || loop.holds.count > 0) await untilAborted(loop.finish(), signal);
    const drained = (required: boolean): Promise<unknown> =>
      Promise.all([...exit.outlets, ...leaving].map((outlet) => outlet.required === required && outlet.drained()));
    await untilAborted(drained(true), signal);
    await within(this.#clock, GRACE_MS, untilAborted(drained(false), signal));
    await untilAborted(this.#parts.settled(), signal);
    const troubles = await this.#close();
    // Whatever still waits for something ends now.
    this.#work.abort();
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
    const { operator, exit, leaving, store } = this.#parts;
    this.#parts.giveBack();
    this.#parts.giveBackRuns();
    if (this.#operates) await attempt(operator.constructor.name, () => operator.close());
    this.#isOver = true;
    for (const outlet of [...exit.outlets, ...leaving].reverse()) await attempt(outlet.name, () => outlet.close());
    await this.#bounded(this.#parts.settled());
    if (store !== undefined) await attempt("dead letters", () => store.close());
    if (this.#hosts) Operator.host(operator, undefined);
    return troubles;
  }

  /** Waits for something at most a second after nothing is waited for any more. */
  async #bounded(promise: Promise<unknown>): Promise<void> {
    const { signal } = this.#work;
    await untilAborted(promise, signal);
    if (signal.aborted) await within(this.#clock, GRACE_MS, promise);
  }
}
