import type { Channel } from "amqplib";
import { ConnectionError } from "../../errors.ts";
import type { Settlement } from "../../queue/settlement.ts";

/** Says that a delivery is a Start or a Stop, and of which run of which life of a publisher. */
export interface Lifecycle {
  readonly kind: "start" | "stop";
  readonly run: string;
  readonly incarnation: string;
}

/** What a book needs from its listener. */
export interface AckBookOptions {
  readonly subject: string;
  readonly channel: Channel;
  /** True when a message that failed goes to the dead-letter exchange, and is not given again. */
  readonly failedDies: boolean;
  /** Is told when there is less in work. */
  changed(): void;
}

/** The states of a delivery, by its tag. */
const IN_WORK = 0;
const FINISHED = 1;
/** A Start or Stop that is finished, and not acknowledged before its run is. */
const HELD = 2;
const TOLD = 3;
const GIVEN_BACK = 4;

const SMALLEST = 64;
/** As many runs as a block keeps open. */
const MAX_HELD = 64;
/** What is given back comes again at once: not more often than this. */
const GIVE_BACK_MS = 100;

interface HeldStart {
  readonly tag: number;
  readonly incarnation: string;
}

interface HeldStop {
  readonly tag: number;
  readonly run: string;
}

/**
 * Knows what became of each delivery of one channel, and acknowledges what is finished: all that finish in one turn
 * together, the prefix of the channel with one word. A Start is acknowledged together with its Stop, after everything
 * between them: so whoever takes over a run that was broken off gets its Start again.
 */
export class AckBook {
  readonly #options: AckBookOptions;
  /** The states, in a ring; a tag's place is its lowest bits. */
  #states = new Uint8Array(SMALLEST);
  /** The lowest tag that the broker may wait for. */
  #first = 1;
  #next = 1;
  /** Nothing below is in work or given back. */
  #oldestInWork = 1;
  #inWork = 0;
  /** Tags that finished since the last word. */
  #finished: number[] = [];
  #timer: NodeJS.Immediate | undefined;
  #givenBack: number[] = [];
  #backTimer: NodeJS.Timeout | undefined;
  readonly #starts = new Map<string, HeldStart[]>();
  #stops: HeldStop[] = [];
  #isClosed = false;
  #hasComplained = false;

  constructor(options: AckBookOptions) {
    this.#options = options;
  }

  /** How many deliveries are in work, or finished and not told yet. */
  get outstanding(): number {
    return this.#inWork + this.#finished.length;
  }

  /** How many deliveries the broker waits for. */
  get unacked(): number {
    let held = this.#stops.length;
    for (const tags of this.#starts.values()) held += tags.length;
    return this.outstanding + held + this.#givenBack.length;
  }

  /** Takes a delivery in; tags come one after the other. */
  track(tag: number, lifecycle: Lifecycle | undefined): Settlement {
    if (tag - this.#first >= this.#states.length) this.#grow(tag);
    this.#states[tag & (this.#states.length - 1)] = IN_WORK;
    this.#next = tag + 1;
    this.#inWork += 1;
    return new BookSettlement(this, tag, lifecycle);
  }

  /** Takes a delivery as finished; the first of a turn throws when the connection is lost. */
  finish(tag: number, lifecycle: Lifecycle | undefined): void {
    if (!this.#leavesWork(tag)) return;
    if (this.#isClosed) {
      this.#options.changed();
      this.#complain();
      return;
    }
    if (lifecycle === undefined) this.#release(tag);
    else if (lifecycle.kind === "start") this.#holdStart(tag, lifecycle);
    else this.#holdStop(tag, lifecycle);
    if (this.#stops.length > 0) this.#releaseRuns();
  }

  /** Gives a delivery back: it comes again, or dies where it failed and there is a place for that. */
  giveBack(tag: number, reason: "failed" | "stopped"): void {
    if (!this.#leavesWork(tag)) return;
    if (this.#isClosed) {
      this.#options.changed();
      return;
    }
    if (reason === "failed" && this.#options.failedDies) {
      this.#set(tag, TOLD);
      try {
        this.#options.channel.nack(message(tag), false, false);
      } catch {
        this.close();
      }
    } else {
      this.#set(tag, GIVEN_BACK);
      this.#givenBack.push(tag);
      this.#backTimer ??= setTimeout(() => this.#tellGivenBack(), GIVE_BACK_MS).unref();
    }
    this.#options.changed();
  }

  /** Says what is finished, now. */
  tell(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    if (this.#isClosed) return;
    const { channel } = this.#options;
    const finished = this.#finished;
    this.#finished = [];
    const last = this.#advance();
    try {
      // All below are told, so that one word for all means those of this turn and no others.
      if (last !== undefined) channel.ack(message(last), true);
      for (const tag of finished) {
        if (tag < this.#first || this.#state(tag) !== FINISHED) continue;
        this.#set(tag, TOLD);
        channel.ack(message(tag), false);
      }
    } catch {
      // The channel is closing; its loss is told where it is read from.
      this.close();
    }
    this.#options.changed();
  }

  /** Ends it with its channel; what is not told the broker gives again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearImmediate(this.#timer);
    clearTimeout(this.#backTimer);
    this.#finished = [];
    this.#options.changed();
  }

  #leavesWork(tag: number): boolean {
    if (tag < this.#first || this.#state(tag) !== IN_WORK) return false;
    this.#inWork -= 1;
    // Whatever it becomes: it is not settled a second time.
    this.#set(tag, FINISHED);
    return true;
  }

  #release(tag: number): void {
    this.#set(tag, FINISHED);
    this.#finished.push(tag);
    this.#timer ??= setImmediate(() => this.tell());
  }

  #holdStart(tag: number, { run, incarnation }: Lifecycle): void {
    const held = this.#starts.get(run) ?? [];
    // The run was begun anew: its older Start is of no more use to anybody.
    for (const other of held) if (other.incarnation !== incarnation) this.#release(other.tag);
    this.#starts.delete(run);
    this.#starts.set(run, [...held.filter((one) => one.incarnation === incarnation), { tag, incarnation }]);
    this.#set(tag, HELD);
    if (this.#starts.size > MAX_HELD) {
      const [oldest, tags] = this.#starts.entries().next().value as [string, HeldStart[]];
      this.#starts.delete(oldest);
      for (const one of tags) this.#release(one.tag);
    }
    this.#options.changed();
  }

  #holdStop(tag: number, { run }: Lifecycle): void {
    this.#set(tag, HELD);
    this.#stops.push({ tag, run });
    this.#options.changed();
  }

  /** Acknowledges the Starts and Stops of runs of which nothing is in work any more. */
  #releaseRuns(): void {
    while (this.#oldestInWork < this.#next) {
      const state = this.#state(this.#oldestInWork);
      if (this.#oldestInWork >= this.#first && (state === IN_WORK || state === GIVEN_BACK)) break;
      this.#oldestInWork += 1;
    }
    this.#stops = this.#stops.filter(({ tag, run }) => {
      if (tag > this.#oldestInWork) return true;
      const held = this.#starts.get(run) ?? [];
      // The Start goes first: a Stop alone does no harm, a Start alone would open the run again.
      for (const one of held) if (one.tag < tag) this.#release(one.tag);
      const later = held.filter((one) => one.tag > tag);
      if (later.length > 0) this.#starts.set(run, later);
      else this.#starts.delete(run);
      this.#release(tag);
      return false;
    });
  }

  /** Goes over the finished prefix; gives the last of it that is not told. */
  #advance(): number | undefined {
    let last: number | undefined;
    while (this.#first < this.#next) {
      const state = this.#state(this.#first);
      if (state === FINISHED) last = this.#first;
      else if (state !== TOLD) break;
      this.#first += 1;
    }
    return last;
  }

  #tellGivenBack(): void {
    this.#backTimer = undefined;
    if (this.#isClosed) return;
    try {
      for (const tag of this.#givenBack) {
        this.#set(tag, TOLD);
        this.#options.channel.nack(message(tag), false, true);
      }
    } catch {
      this.close();
    }
    this.#givenBack = [];
    this.#advance();
    this.#releaseRuns();
  }

  #complain(): void {
    if (this.#hasComplained) return;
    this.#hasComplained = true;
    throw new ConnectionError(`${this.#options.subject}: the connection over which it came is lost`);
  }

  #state(tag: number): number {
    return this.#states[tag & (this.#states.length - 1)] as number;
  }

  #set(tag: number, state: number): void {
    this.#states[tag & (this.#states.length - 1)] = state;
  }

  #grow(tag: number): void {
    let length = this.#states.length * 2;
    while (tag - this.#first >= length) length *= 2;
    const states = new Uint8Array(length);
    for (let one = this.#first; one < this.#next; one += 1) states[one & (length - 1)] = this.#state(one);
    this.#states = states;
  }
}

/** Settles one delivery. */
class BookSettlement implements Settlement {
  readonly #book: AckBook;
  readonly #tag: number;
  readonly #lifecycle: Lifecycle | undefined;

  constructor(book: AckBook, tag: number, lifecycle: Lifecycle | undefined) {
    this.#book = book;
    this.#tag = tag;
    this.#lifecycle = lifecycle;
  }

  ack(): void {
    this.#book.finish(this.#tag, this.#lifecycle);
  }

  nack(reason: "failed" | "stopped"): void {
    this.#book.giveBack(this.#tag, reason);
  }
}

/** All that the client looks at. */
function message(deliveryTag: number): Parameters<Channel["ack"]>[0] {
  return { fields: { deliveryTag } } as Parameters<Channel["ack"]>[0];
}
