import type { BoundedQueue } from "../queue/bounded-queue.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Run } from "../runs/run.ts";
import type { Clock } from "../time/clock.ts";

type RunId = Pick<Run, "id">;

const NO_RUN: RunId = Object.freeze({ id: "" });

/** Says who holds a delivery. */
export interface Kept {
  readonly delivery: Delivery;
  readonly holder: object;
}

/** Says when somebody wants to be asked again. */
export interface Wish {
  readonly holder: object;
  readonly atMs: number;
}

/** Keeps what operators hold, by run, and their wishes to be asked again. */
export class Holds {
  readonly #queue: BoundedQueue<Delivery>;
  readonly #clock: Clock;
  readonly #due: () => void;
  readonly #held = new Map<RunId, Set<Delivery>>();
  readonly #wishes = new Map<object, { readonly wish: Wish; readonly cancel: () => void }>();
  #count = 0;

  /** `due` is called when the time that `flushIn` asked for has come. */
  constructor(queue: BoundedQueue<Delivery>, clock: Clock, due: () => void) {
    this.#queue = queue;
    this.#clock = clock;
    this.#due = due;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts what is held of one run. */
  countOf(run: Run): number {
    return this.#held.get(run)?.size ?? 0;
  }

  hold(delivery: Delivery, holder: object): void {
    this.restore({ delivery, holder });
    this.#queue.hold(delivery);
  }

  release(delivery: Delivery): void {
    if (this.#remove(delivery)) this.#queue.unhold(delivery);
  }

  /**
   * Takes what one holder holds: of the run of this delivery, or of all runs. With `merged`, runs of one id are one run.
   * The queue counts it until `letGo`. The holder's wish for a flush is taken back, unless it holds something else.
   */
  take(
    holder: object,
    delivery: Delivery | undefined,
    merged: boolean,
  ): { readonly taken: Delivery[]; readonly wish: Wish | undefined } {
    const sets = delivery === undefined ? this.#held.values() : this.#setsOf(delivery.run ?? NO_RUN, merged);
    const taken: Delivery[] = [];
    for (const held of sets) for (const one of held) if (one.holder === holder) taken.push(one);
    for (const one of taken) this.#remove(one);
    return { taken, wish: this.#holdsNothing(holder) ? this.#withdraw(holder) : undefined };
  }

  /** Puts back what was taken. */
  restore({ delivery, holder }: Kept): void {
    const run = delivery.run ?? NO_RUN;
    let held = this.#held.get(run);
    if (held === undefined) {
      held = new Set();
      this.#held.set(run, held);
    }
    delivery.holder = holder;
    held.add(delivery);
    this.#count += 1;
  }

  /** Lets go what was taken. */
  letGo(delivery: Delivery): void {
    this.#queue.unhold(delivery);
  }

  /** Takes everything held and lets it go: of one run, or of all. */
  takeAll(run?: Run): Delivery[] {
    const sets = run === undefined ? [...this.#held.values()] : [this.#held.get(run) ?? []];
    const taken = sets.flatMap((held) => [...held]);
    for (const one of taken) this.release(one);
    return taken;
  }

  flushIn(holder: object, ms: number): void {
    if (!this.#wishes.has(holder)) this.renew({ holder, atMs: this.#clock.now() + ms });
  }

  /** Asks again for what was withdrawn. */
  renew(wish: Wish): void {
    const { holder, atMs } = wish;
    this.#withdraw(holder);
    const cancel = this.#clock.after(atMs - this.#clock.now(), () => {
      this.#wishes.delete(holder);
      this.#due();
    });
    this.#wishes.set(holder, { wish, cancel });
  }

  close(): void {
    for (const { cancel } of this.#wishes.values()) cancel();
    this.#wishes.clear();
  }

  #setsOf(run: RunId, merged: boolean): Set<Delivery>[] {
    if (!merged || run === NO_RUN) return [this.#held.get(run) ?? new Set()];
    return [...this.#held].filter(([other]) => other !== NO_RUN && other.id === run.id).map(([, held]) => held);
  }

  #remove(delivery: Delivery): boolean {
    const run = delivery.run ?? NO_RUN;
    const held = this.#held.get(run);
    if (held?.delete(delivery) !== true) return false;
    if (held.size === 0) this.#held.delete(run);
    delivery.holder = undefined;
    this.#count -= 1;
    return true;
  }

  #holdsNothing(holder: object): boolean {
    for (const held of this.#held.values()) for (const one of held) if (one.holder === holder) return false;
    return true;
  }

  #withdraw(holder: object): Wish | undefined {
    const known = this.#wishes.get(holder);
    if (known === undefined) return undefined;
    this.#wishes.delete(holder);
    known.cancel();
    return known.wish;
  }
}
