import { UsageError } from "../errors.ts";
import { Charges } from "./charges.ts";
import { Entry, LaneEntries } from "./entry.ts";
import type { Lane } from "./lane.ts";
import { type Fate, LossyPolicy } from "./lossy-policy.ts";
import { checkedBounds, type QueueBounds } from "./queue-bounds.ts";
import type { DropReason, QueueItem } from "./queue-item.ts";
import { Turns } from "./turns.ts";

/** How many puts may wait in one lane of a small queue, before it is clear that nobody waits for their promises. */
const MANY_WAITING = 1024;

/**
 * Keeps messages between the listeners, each with a lane of its own, and the operator, within bounds.
 *
 * Messages count while they are queued or held. Bytes count from admission to `settle`. The bounds are passed only by
 * an item that is alone, and, unless the policy is `block`, by one event where no other is queued: or `latest` would
 * have nothing to give while the last one is in work. A run is never torn: its Start and Stop are dropped together or
 * not at all. Callbacks come at the end of a call, may call the queue again, and must not throw.
 */
export class BoundedQueue<T extends QueueItem> {
  /**
   * Is called when an empty queue got an item. It is not called from within `shift`, which may let in who waits: take
   * until nothing comes, or look at `queued`.
   */
  onArrival: (() => void) | undefined = undefined;
  /** Is called when `heldFull` became true. */
  onPressure: (() => void) | undefined = undefined;
  /** Is there while nothing is taken, so that timers and sockets have their turn: who puts many waits for its end. */
  rest: Promise<void> | undefined = undefined;

  readonly #bounds: QueueBounds;
  readonly #dropped: (item: T, reason: DropReason) => void;
  readonly #refused: (item: T) => void;
  readonly #lanes = new Set<LaneEntries<T>>();
  readonly #outTurns: Turns<LaneEntries<T>> = new Turns((lane) => lane.size > 0);
  readonly #inTurns: Turns<LaneEntries<T>> = new Turns((lane) => lane.waiting.size > 0);
  /** Is absent where nothing is ever dropped. */
  readonly #policy: LossyPolicy<T> | undefined;
  readonly #heldCharges = new Charges();
  #drops: { readonly item: T; readonly reason: DropReason }[] = [];
  #queued = 0;
  #held = 0;
  #waiting = 0;
  #bytes = 0;
  #closed = false;
  /** Whether the owner knows that something is queued. */
  #announced = false;
  #pressed = false;
  /** Are called when nothing is queued any more. */
  #emptied: (() => void)[] = [];

  /** Makes an empty queue. `dropped` gets what a policy left out, `refused` what came too late: after a close. */
  constructor(bounds: QueueBounds, dropped: (item: T, reason: DropReason) => void, refused: (item: T) => void) {
    this.#bounds = checkedBounds(bounds);
    this.#dropped = dropped;
    this.#refused = refused;
    if (bounds.overflow === "block") return;
    this.#policy = new LossyPolicy(bounds, {
      held: () => this.#held,
      fits: (item) => this.#fits(item),
      drop: (entry, reason) => this.#drop(entry, reason),
    });
  }

  /** Counts what is queued. */
  get queued(): number {
    return this.#queued;
  }

  /** True where nothing is ever dropped, and nothing is queued now. */
  get isUnused(): boolean {
    return this.#queued === 0 && this.#policy === undefined;
  }

  /** Counts what is held. */
  get held(): number {
    return this.#held;
  }

  /** Counts the puts that wait for room. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Adds up the memory of everything that is admitted and not settled. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds up the memory of what is held. */
  get heldBytes(): number {
    return this.#heldCharges.bytes;
  }

  /** Tells whether the next put would wait, or make the policy drop something. */
  get full(): boolean {
    const { maxMessages, maxBytes } = this.#bounds;
    return this.#waiting > 0 || this.#queued + this.#held >= maxMessages || this.#bytes >= maxBytes;
  }

  /**
   * Tells whether what is held has to be released, or nothing goes on: it fills a bound, or, with nothing queued, it
   * leaves no room for who is next.
   */
  get heldFull(): boolean {
    const { maxMessages, maxBytes } = this.#bounds;
    const { bytes } = this.#heldCharges;
    if (this.#held >= maxMessages || bytes >= maxBytes) return true;
    if (this.#waiting === 0 || this.#queued > 0 || bytes === 0) return false;
    const next = this.#inTurns.current()?.waiting.first;
    return next !== undefined && bytes + this.#heldCharges.cost(next.item) > maxBytes;
  }

  /** Calls back once, when nothing is queued any more; at once where nothing is. */
  emptied(callback: () => void): void {
    if (this.#queued === 0) callback();
    else this.#emptied.push(callback);
  }

  /** Makes a way in. */
  lane(): Lane<T> {
    const lane = new LaneEntries<T>();
    this.#lanes.add(lane);
    this.#outTurns.add(lane);
    this.#inTurns.add(lane);
    return { put: (item) => this.#put(lane, item), close: () => this.#closeLane(lane) };
  }

  /** Asks for an item that is to go past the empty queue: false when it has to be dropped, as its run fell out. */
  mayPass(item: T): boolean {
    return this.#policy === undefined || this.#policy.mayPass(item);
  }

  /** Takes the next item, one lane after the other. */
  shift(): T | undefined {
    if (this.#queued === 0) return undefined;
    const lane = this.#outTurns.take();
    if (lane === undefined) return undefined;
    const item = this.#policy === undefined ? lane.items.shift() : this.#takeEntry(lane, this.#policy);
    if (item === undefined) return undefined;
    this.#unqueued(lane);
    if (this.#waiting > 0 || this.#queued === 0 || this.#held > 0 || this.#pressed) this.#wakeAndTell();
    return item;
  }

  /** Takes everything, one lane after the other; close the intake first, or what waits comes too. */
  *drain(): Generator<T, void, undefined> {
    for (let item = this.shift(); item !== undefined; item = this.shift()) yield item;
  }

  /** Counts a taken item as held, until `unhold`. */
  hold(item: T): void {
    this.#held += 1;
    this.#heldCharges.add(item);
    this.#tell();
  }

  /** Counts an item as held no more; it is still to be settled. */
  unhold(item: T): void {
    this.#held -= 1;
    this.#heldCharges.remove(item);
    this.#wakeAndTell();
  }

  /** Releases the memory of a taken item that is finished and not held. */
  settle(item: T): void {
    this.#policy?.settled(item);
    this.#release(item);
    if (this.#waiting > 0 || this.#held > 0 || this.#pressed) this.#wakeAndTell();
  }

  /** Lets nothing more in, and refuses what waits. */
  closeIntake(): void {
    this.#closed = true;
    for (const lane of this.#lanes) this.#refuseWaiting(lane);
    this.#tell();
  }

  #put(lane: LaneEntries<T>, item: T): void | Promise<void> {
    if (this.#closed || lane.closed) {
      this.#refused(item);
      return;
    }
    if (this.#policy !== undefined || this.#waiting > 0 || !this.#fits(item)) return this.#putElse(lane, item);
    // The usual case, short, since every message takes this way: nothing is ever dropped here, and there is room.
    this.#charge(item);
    this.#queued += 1;
    lane.items.push(item);
    if (!this.#announced || this.#held > 0 || this.#pressed) this.#tell();
  }

  #putElse(lane: LaneEntries<T>, item: T): void | Promise<void> {
    const fate = this.#judgePut(lane, item);
    if (fate === "wait") return this.#wait(new Entry(lane, item));
    if (fate === "admit") this.#admit(lane, item);
    else this.#drops.push({ item, reason: fate });
    // What was dropped may have made room for another lane.
    this.#wakeAndTell();
  }

  #judgePut(lane: LaneEntries<T>, item: T): Fate {
    const policy = this.#policy;
    if (policy === undefined) return "wait";
    return lane.waiting.size > 0 ? policy.judgeBehind(lane, item) : policy.judge(lane, item);
  }

  #judgeWaiting(lane: LaneEntries<T>, item: T): Fate {
    if (this.#policy !== undefined) return this.#policy.judge(lane, item);
    return this.#fits(item) ? "admit" : "wait";
  }

  #fits(item: T): boolean {
    const { maxMessages, maxBytes } = this.#bounds;
    if (this.#queued + this.#held >= maxMessages) return false;
    if (this.#bytes === 0) return true;
    const { bytes, chunk } = item;
    const cost = chunk === undefined || chunk.users > 0 ? bytes : bytes + chunk.bytes;
    return this.#bytes + cost <= maxBytes;
  }

  #admit(lane: LaneEntries<T>, item: T, waited?: Entry<T>): void {
    this.#charge(item);
    this.#queued += 1;
    if (this.#policy === undefined) {
      lane.items.push(item);
      return;
    }
    const entry = waited ?? new Entry(lane, item);
    lane.queued.push(entry);
    this.#policy.admitted(entry);
  }

  #takeEntry(lane: LaneEntries<T>, policy: LossyPolicy<T>): T | undefined {
    const entry = lane.queued.first;
    if (entry === undefined) return undefined;
    policy.taken(entry);
    lane.queued.remove(entry);
    return entry.item;
  }

  #drop(entry: Entry<T>, reason: DropReason): void {
    if (entry.resolve !== undefined) {
      this.#unwait(entry);
    } else {
      entry.lane.queued.remove(entry);
      this.#unqueued(entry.lane);
      this.#release(entry.item);
    }
    this.#drops.push({ item: entry.item, reason });
  }

  #unqueued(lane: LaneEntries<T>): void {
    this.#queued -= 1;
    if (lane.closed) this.#removeWhenEmpty(lane);
  }

  #charge({ bytes, chunk }: T): void {
    this.#bytes += bytes;
    if (chunk === undefined) return;
    if (chunk.users === 0) this.#bytes += chunk.bytes;
    chunk.users += 1;
  }

  #release({ bytes, chunk }: T): void {
    this.#bytes -= bytes;
    if (chunk === undefined) return;
    chunk.users -= 1;
    if (chunk.users === 0) this.#bytes -= chunk.bytes;
  }

  #wait(entry: Entry<T>): Promise<void> {
    const { waiting } = entry.lane;
    if (waiting.size >= Math.max(this.#bounds.maxMessages, MANY_WAITING)) {
      throw new UsageError(
        `queue: ${waiting.size} puts of one listener wait for room; await what put() gives before the next one`,
      );
    }
    waiting.push(entry);
    this.#waiting += 1;
    const admitted = new Promise<void>((resolve) => {
      entry.resolve = resolve;
    });
    this.#tell();
    return admitted;
  }

  #unwait(entry: Entry<T>): void {
    entry.lane.waiting.remove(entry);
    this.#waiting -= 1;
    entry.resolve?.();
    entry.resolve = undefined;
  }

  /** Serves who waits, in turns. A turn is never passed on for want of room, or large items would wait for ever. */
  #wake(): void {
    for (;;) {
      const lane = this.#inTurns.current();
      const entry = lane?.waiting.first;
      if (lane === undefined || entry === undefined) return;
      const fate = this.#judgeWaiting(lane, entry.item);
      if (fate === "wait") return;
      this.#inTurns.take();
      this.#unwait(entry);
      if (fate === "admit") this.#admit(lane, entry.item, entry);
      else this.#drops.push({ item: entry.item, reason: fate });
    }
  }

  #wakeAndTell(): void {
    if (this.#waiting > 0) this.#wake();
    const news = this.#queued > 0 !== this.#announced;
    if (news || this.#drops.length > 0 || this.#held > 0 || this.#pressed) this.#tell();
  }

  /** Calls back, after everything is in order. */
  #tell(): void {
    const drops = this.#drops;
    if (drops.length > 0) {
      this.#drops = [];
      for (const { item, reason } of drops) this.#dropped(item, reason);
    }
    if (this.#queued > 0 !== this.#announced) {
      this.#announced = this.#queued > 0;
      if (this.#announced) this.onArrival?.();
      else for (const callback of this.#emptied.splice(0)) callback();
    }
    const pressed = this.heldFull;
    if (pressed === this.#pressed) return;
    this.#pressed = pressed;
    if (pressed) this.onPressure?.();
  }

  #closeLane(lane: LaneEntries<T>): void {
    if (lane.closed) return;
    lane.closed = true;
    this.#refuseWaiting(lane);
    this.#removeWhenEmpty(lane);
    this.#wakeAndTell();
  }

  #refuseWaiting(lane: LaneEntries<T>): void {
    for (let entry = lane.waiting.first; entry !== undefined; entry = lane.waiting.first) {
      this.#unwait(entry);
      this.#refused(entry.item);
    }
  }

  #removeWhenEmpty(lane: LaneEntries<T>): void {
    if (lane.size > 0) return;
    this.#lanes.delete(lane);
    this.#outTurns.remove(lane);
    this.#inTurns.remove(lane);
  }
}
