/** Is memory that this thread and another one share, for one payload and its header. */
export interface Slot {
  readonly id: number;
  readonly memory: SharedArrayBuffer;
}

/** Says which slots the other thread has to learn, and which it can forget. */
export interface SlotNews {
  /** Is new to the other thread. */
  readonly learn?: Slot;
  /** Is used no more. */
  readonly forget?: readonly number[];
}

const SMALLEST = 4_096;
const COARSE = 65_536;

/**
 * Keeps the slots of one thread. There are as many in use as there are messages at the thread or held by it; of those
 * that are free, at most `maxFree` are kept to be used again.
 */
export class Slots {
  readonly #maxFree: number;
  readonly #free: Slot[] = [];
  readonly #used = new Map<number, Slot>();
  #forget: number[] = [];
  #known = new Set<number>();
  #nextId = 1;

  constructor(maxFree: number) {
    this.#maxFree = maxFree;
  }

  /** Counts the slots that a message is in. */
  get used(): number {
    return this.#used.size;
  }

  /** Counts the slots that wait for a message. */
  get free(): number {
    return this.#free.length;
  }

  /** Gives a slot of at least so many bytes. */
  take(bytes: number): Slot {
    let best = -1;
    for (const [index, { memory }] of this.#free.entries()) {
      if (memory.byteLength < bytes) continue;
      if (best < 0 || memory.byteLength < (this.#free[best] as Slot).memory.byteLength) best = index;
    }
    const slot = best < 0 ? this.#made(bytes) : (this.#free.splice(best, 1)[0] as Slot);
    this.#used.set(slot.id, slot);
    return slot;
  }

  /** Takes a slot back. */
  giveBack(slot: Slot): void {
    if (!this.#used.delete(slot.id)) return;
    this.#free.push(slot);
    if (this.#free.length > this.#maxFree) this.#dropSmallest();
  }

  /** Leaves a slot to a result that is a view of it. */
  giveAway(id: number): SharedArrayBuffer | undefined {
    const slot = this.#used.get(id);
    if (slot !== undefined && this.#used.delete(id)) this.#forget.push(id);
    return slot?.memory;
  }

  /** Says what the other thread has to know before it gets this slot. */
  news(slot: Slot): SlotNews {
    const forget = this.#forget;
    const isNew = !this.#known.has(slot.id);
    if (!isNew && forget.length === 0) return {};
    for (const id of forget) this.#known.delete(id);
    this.#known.add(slot.id);
    this.#forget = [];
    return { ...(isNew && { learn: slot }), ...(forget.length > 0 && { forget }) };
  }

  /** Begins anew with a thread that knows none of them; a thread that ended may have left anything in the used ones. */
  clear(): void {
    this.#used.clear();
    this.#known = new Set();
    this.#forget = [];
  }

  #made(bytes: number): Slot {
    const step = bytes < COARSE ? SMALLEST : COARSE;
    const size = Math.max(step, Math.ceil(bytes / step) * step);
    return { id: this.#nextId++, memory: new SharedArrayBuffer(size) };
  }

  /** Frames that grew leave their small slots behind: those go first. */
  #dropSmallest(): void {
    let smallest = 0;
    for (const [index, { memory }] of this.#free.entries()) {
      if (memory.byteLength < (this.#free[smallest] as Slot).memory.byteLength) smallest = index;
    }
    const [dropped] = this.#free.splice(smallest, 1);
    if (dropped !== undefined && this.#known.has(dropped.id)) this.#forget.push(dropped.id);
  }
}
