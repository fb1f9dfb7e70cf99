import { type AnyMessage, inherit } from "../message/message.ts";
import type { Start } from "../message/start.ts";
import { Outgoing } from "../publisher/outgoing.ts";
import type { Outlet } from "../publisher/outlet.ts";
import type { Delivery, Owner } from "../queue/delivery.ts";
import type { Tally } from "../runs/tally.ts";

/** What the way out is told by its block. */
export interface ExitOptions {
  /** Whether runs of several streams leave as one, so that a run is known by its id alone. */
  readonly mergesRuns: boolean;
  /** Where results without a run are counted. */
  readonly base: Tally;
  /** Puts the account on a Stop that leaves. */
  readonly seal: (stop: AnyMessage, delivery: Delivery | undefined, outlet: Outlet) => AnyMessage;
}

/** Is a run that is open downstream: its Start, and what stands for it in the queues of the outlets. */
export interface OpenRun {
  readonly start: Start;
  readonly run: object;
}

const MAX_RUNS = 1_024;

/** Leads results to all outlets; knows which runs are open on the way out. */
export class Exit {
  readonly #options: ExitOptions;
  #outlets: readonly Outlet[] = [];
  /** Stands for the runs of results that are not the run in process. */
  readonly #runs = new Map<string, object>();
  readonly #open = new Map<string, OpenRun>();

  constructor(options: ExitOptions) {
    this.#options = options;
  }

  get outlets(): readonly Outlet[] {
    return this.#outlets;
  }

  /** The runs that are open downstream. */
  get openRuns(): IterableIterator<OpenRun> {
    return this.#open.values();
  }

  add(outlet: Outlet): void {
    this.#outlets = [...this.#outlets, outlet];
  }

  remove(outlet: Outlet): void {
    this.#outlets = this.#outlets.filter((other) => other !== outlet);
  }

  /** Sends one result out; a promise says that an outlet is full and resolves when all have taken it. */
  emit(result: AnyMessage, parent: Delivery | undefined, owner: Owner | undefined): void | Promise<void> {
    const message = parent === undefined ? result : inherit(result, parent.message);
    const only = this.#outlets.length === 1 ? (this.#outlets[0] as Outlet) : undefined;
    if (message.type === "event" && only?.free === true) return this.#pass(only, message, parent, owner);
    return this.#emitToAll(message, parent, owner);
  }

  /** The usual case: an event to one publisher that takes it at once. */
  #pass(outlet: Outlet, message: AnyMessage, parent: Delivery | undefined, owner: Owner | undefined): undefined {
    const sent = outlet.pass(message);
    if (sent === undefined) {
      const tally = parent?.run?.tally ?? this.#options.base;
      tally.published += 1;
      tally.publishedEvents += 1;
    } else outlet.follow(this.#outgoing(outlet, message, parent, owner, true), sent);
  }

  #emitToAll(message: AnyMessage, parent: Delivery | undefined, owner: Owner | undefined): void | Promise<void> {
    if (message.type === "start") {
      keep(this.#open, message.run, { start: message, run: this.#runOf(message, parent) as object });
    }
    const outlets = this.#outlets;
    let wait: Promise<void> | undefined;
    const counts = outlets.length > 1 ? counting(outlets) : outlets[0];
    for (let index = 0; index < outlets.length; index += 1) {
      const outlet = outlets[index] as Outlet;
      const one = this.#to(outlet, message, parent, owner, outlet === counts);
      if (one !== undefined) wait = wait === undefined ? one : both(wait, one);
    }
    if (message.type === "stop") this.#ended(message.run);
    return wait;
  }

  #to(
    outlet: Outlet,
    message: AnyMessage,
    parent: Delivery | undefined,
    owner: Owner | undefined,
    counts: boolean,
  ): void | Promise<void> {
    const wait = outlet.put(this.#outgoing(outlet, message, parent, owner, counts));
    return outlet.required ? wait : undefined;
  }

  #outgoing(
    outlet: Outlet,
    message: AnyMessage,
    parent: Delivery | undefined,
    owner: Owner | undefined,
    counts: boolean,
  ): Outgoing {
    return new Outgoing(
      message,
      this.#runOf(message, parent),
      bytesOf(message, parent),
      outlet.required ? owner : undefined,
      parent?.run?.tally ?? this.#options.base,
      counts,
      message.type === "stop" ? this.#sealing(parent, outlet) : undefined,
    );
  }

  /** Apart from its caller: where a closure is made, what it uses is put on the heap at every call. */
  #sealing(parent: Delivery | undefined, outlet: Outlet): (stop: AnyMessage) => AnyMessage {
    return (stop) => this.#options.seal(stop, parent, outlet);
  }

  #runOf(message: AnyMessage, parent: Delivery | undefined): object | undefined {
    const id = message.run;
    if (id === undefined) return undefined;
    return parent?.run?.id === id && !this.#options.mergesRuns ? parent.run : this.#runNamed(id);
  }

  #runNamed(id: string): object {
    // What comes of a flush belongs to the run whose Start went out.
    let run = this.#open.get(id)?.run ?? this.#runs.get(id);
    if (run === undefined) {
      run = {};
      keep(this.#runs, id, run);
    }
    return run;
  }

  #ended(run: string): void {
    this.#open.delete(run);
    this.#runs.delete(run);
  }
}

/** An operator may let Starts out and no Stops, or make up runs: the oldest of very many is forgotten. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_RUNS) map.delete(map.keys().next().value as string);
}

/** The outlet that counts what was published: the first required one, else the first. */
function counting(outlets: readonly Outlet[]): Outlet | undefined {
  return outlets.find(({ required }) => required) ?? outlets[0];
}

function bytesOf(message: AnyMessage, parent: Delivery | undefined): number {
  if (message.type !== "event") return 0;
  if (message === parent?.message) return parent.bytes;
  return message.payload.byteLength;
}

async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  await one;
  await other;
}
