import { ConnectionError } from "../../../src/errors.ts";
import { AckPrefix } from "../../../src/listener/ack-prefix.ts";
import { type Inlet, Listener, type PlatformInlet, type Replay } from "../../../src/listener/listener.ts";
import type { Decoded, Hop } from "../../../src/message/codec.ts";
import { Event } from "../../../src/message/event.ts";
import type { Message } from "../../../src/message/message.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import type { Settlement } from "../../../src/queue/settlement.ts";
import type { Clock } from "../../../src/time/clock.ts";
import { pause } from "./pause.ts";
import type { Item, ItemHop } from "./plain-source.ts";
import type { ListenerPlan } from "./plan.ts";
import { type Life, name, type Put, type Records } from "./records.ts";

const GARBAGE = new Uint8Array([1, 2, 3]);

/** Is what outlives the blocks: how far a source was read, and how far it was finished. */
export class SourceState {
  readonly plan: ListenerPlan;
  readonly index: number;
  /** The position of the next message that a log gives. */
  committed = 0;
  attempts = 0;
  /** The largest number of items ever put. */
  reached = 0;
  readonly broken = new Set<number>();

  constructor(plan: ListenerPlan, index: number) {
    this.plan = plan;
    this.index = index;
  }
}

/** Brings what a plan says. */
export class PlannedListener extends Listener<Message> {
  override readonly replay: Replay;
  readonly #state: SourceState;
  readonly #records: Records;
  readonly #clock: Clock;
  readonly #life: Life;
  #next = 0;

  get plan(): ListenerPlan {
    return this.#state.plan;
  }

  constructor(state: SourceState, records: Records, clock: Clock) {
    super();
    this.#state = state;
    this.#records = records;
    this.#clock = clock;
    this.#life = records.life;
    this.replay = state.plan.kind === "log" ? "log" : "none";
  }

  override async start(inlet: Inlet<Message>, signal: AbortSignal): Promise<void> {
    const { plan } = this.#state;
    this.#state.attempts += 1;
    if (this.#state.attempts <= plan.failFirst) throw new ConnectionError("planned: nobody there");
    inlet.ready();
    const settlement = this.#settlements(inlet);
    const stop = plan.ignoresAbort ? undefined : signal;
    while (this.#next < plan.items.length) {
      const item = plan.items[this.#next] as Item;
      if (item.afterMs > 0) await pause(this.#clock, item.afterMs, stop);
      if (stop?.aborted === true) break;
      if (this.#life.dead) return new Promise(() => undefined);
      const at = this.#next;
      this.#next += 1;
      this.#state.reached = Math.max(this.#state.reached, this.#next);
      const wait = this.#put(inlet as PlatformInlet, item, settlement(at));
      if (wait !== undefined) await wait;
      if (plan.breaks.includes(at) && !this.#state.broken.has(at)) {
        this.#state.broken.add(at);
        throw new ConnectionError("planned: the connection broke");
      }
    }
    if (plan.after === "stay" && !signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    }
    if (plan.stray) this.#stray(inlet as PlatformInlet);
  }

  /** What comes after `start` returned, as from a callback that a transport forgot. */
  #stray(inlet: PlatformInlet): void {
    this.#clock.after(1, () => {
      if (this.#life.dead) return;
      const more = { afterMs: 0, value: 1, bytes: 8, origin: 9_000, stream: "stray", run: "stray" } as const;
      void this.#put(inlet, { ...more, id: "stray-event", what: "event" }, undefined);
      void this.#put(inlet, { ...more, id: "stray-start", what: "start" }, undefined);
    });
  }

  /** Says how the message at each position is settled; a log begins where it was committed. */
  #settlements(inlet: Inlet<Message>): (at: number) => ((put: Put) => Settlement) | undefined {
    if (this.replay !== "log") return () => undefined;
    const from = this.#state.committed;
    this.#next = from;
    for (const start of openAt(this.#state.plan.items, from)) {
      const put = this.#records.put(start, this.#state.index, true);
      const own = { ack: () => this.#records.acked(put), nack: () => this.#records.nacked(put) };
      void inlet.put(messageOf({ ...start, resumed: true }, put.number), own);
    }
    const prefix = new AckPrefix((position) => this.#commit(position));
    return (at) => (put) => {
      const inner = prefix.track(at);
      if (!put.settles) return inner;
      return {
        ack: () => {
          this.#records.acked(put);
          return inner.ack();
        },
        nack: (reason) => {
          this.#records.nacked(put);
          return inner.nack(reason);
        },
      };
    };
  }

  #commit(position: number): void | Promise<void> {
    if (this.#life.dead) return;
    const { acks } = this.#state.plan;
    if (acks !== "well" && position % 3 === 0) return this.#fails(acks);
    const { plan } = this.#state;
    if (plan.commitMs === 0) this.#committed(position);
    else return pause(this.#clock, plan.commitMs, undefined).then(() => this.#committed(position));
  }

  #committed(position: number): void {
    if (this.#life.dead || position < this.#state.committed) return;
    for (let at = this.#state.committed; at <= position; at += 1) this.#mayCommit(at);
    this.#state.committed = position + 1;
  }

  #ackFails({ number }: Put): void | Promise<void> {
    const { acks, kind } = this.#state.plan;
    if (acks !== "well" && kind !== "log" && number % 3 === 0) return this.#fails(acks);
  }

  #fails(how: "throw" | "reject"): Promise<void> {
    const error = new Error("planned: the acknowledgement failed");
    if (how === "throw") throw error;
    return Promise.reject(error);
  }

  /** What is committed never comes again: its results must be safe, from this life or an earlier one. */
  #mayCommit(at: number): void {
    const { plan } = this.#state;
    const item = plan.items[at] as Item;
    const { block, listeners } = this.#records.plan;
    if (block.guarantee === "at-most-once" || item.what === "garbage") return;
    const puts = this.#records.puts.filter((put) => put.item.id === item.id && put.listener === this.#state.index);
    // What comes after the Stop of its run is left out; if it is given again, a run may have begun that it seems to be of.
    if (isAfterItsRun(plan.items, at)) return;
    const seen = puts.filter((put) => put.seen);
    const unsafe = seen.map((put) => this.#records.unsafe(put));
    if (unsafe.includes(undefined)) return;
    // What falls out of a full queue, and with the oldest of too many runs, is gone on purpose.
    if (block.overflow !== "block" || (block.maxOpenRuns < 3 && item.what !== "event")) return;
    const mustBeSeen = plan.clean && block.maxOpenRuns > 3 && listeners.length > 0;
    if (seen.length === 0 && !mustBeSeen) return;
    const why = seen.length === 0 ? "the operator never got it" : String(unsafe.at(-1));
    this.#records.violation(`${name(puts.at(-1) as Put)} was committed, but ${why}`);
  }

  #put(inlet: PlatformInlet, item: Item, settlement: ((put: Put) => Settlement) | undefined): void | Promise<void> {
    if (item.lost === true) return;
    const records = this.#records;
    records.called("put");
    // Without a wrapper the platform may join settlements of one prefix.
    const put = records.put(item, this.#state.index, settlement === undefined || records.plan.seed % 2 === 0);
    const own: Settlement = settlement?.(put) ?? {
      ack: () => {
        records.acked(put);
        return this.#ackFails(put);
      },
      nack: () => records.nacked(put),
    };
    if (item.what === "garbage") return inlet.putFrames(GARBAGE, own);
    const message = messageOf(item, put.number, this.#state.plan.kind !== "plain");
    if (item.what !== "control" && item.hop === undefined) return inlet.put(message, own);
    return inlet.putDecoded(decodedOf(item, message), own);
  }
}

function messageOf(item: Item, put: number, withOrigin = true): Message {
  const { id, value, bytes, run, resumed, stream } = item;
  const content = { id, value, put };
  const origin = { stream, partition: item.hop?.topic ?? "", sequence: item.origin };
  const envelope = { ...(run === undefined ? {} : { run }), ...(withOrigin ? { origin } : {}) };
  if (item.what === "start") return new Start(content, { ...envelope, resumed: resumed ?? false });
  if (item.what === "stop") return new Stop(content, { ...envelope, run: run as string });
  return new Event(content, new Uint8Array(bytes), envelope);
}

function decodedOf(item: Item, message: Message): Decoded {
  const { what, stream } = item;
  if (item.hop === undefined) return { message, stream, control: true };
  const decoded = { message, hop: hopOf(item.hop), ...(what === "start" || what === "alive" ? { stream } : {}) };
  if (what === "alive") return { ...decoded, control: true };
  return { ...decoded, sequence: item.hop.sequence };
}

function hopOf({ next, left, ...hop }: ItemHop): Hop {
  return { ...hop, shared: false, ...(next === undefined ? {} : { next: new Map(next), left: new Map(left) }) };
}

/** Tells whether an event stands where its run is not open. */
function isAfterItsRun(items: readonly Item[], at: number): boolean {
  const { what, run } = items[at] as Item;
  if (what !== "event" || run === undefined) return false;
  return openAt(items, at).every((start) => start.run !== run);
}

/** Gives the Starts of the runs that are open before a position. */
function openAt(items: readonly Item[], position: number): Item[] {
  const open = new Map<string, Item>();
  for (const item of items.slice(0, position)) {
    if (item.what === "start") open.set(item.run as string, item);
    else if (item.what === "stop") open.delete(item.run as string);
  }
  return [...open.values()];
}
