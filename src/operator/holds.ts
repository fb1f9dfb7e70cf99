import type { BoundedQueue } from "../queue/bounded-queue.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Run } from "../runs/run.ts";
import type { Clock } from "../time/clock.ts";

const NO_RUN: Pick<Run, "id"> = Object.freeze({ id: "" });

/** Keeps what operators hold, by run, and their wish to be asked again. */
export class Holds {
  readonly #queue: BoundedQueue<Delivery>;
  readonly #clock: Clock;
  readonly #due: () => void;
  readonly #held = new Map<Pick<Run, "id">, Set<Delivery>>();
  #count = 0;
  #cancel: (() => void) | undefined;

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
    const run = delivery.run ?? NO_RUN;
    let held = this.#held.get(run);
    if (held === undefined) {
      held = new Set();
      this.#held.set(run, held);
    }
    delivery.holder = holder;
    held.add(delivery);
    this.#count += 1;
    this.#queue.hold(delivery);
  }

  release(delivery: Delivery): void {
    const run = delivery.run ?? NO_RUN;
    const held = this.#held.get(run);
    if (held?.delete(delivery) !== true) return;
    if (held.size === 0) this.#held.delete(run);
    delivery.holder = undefined;
    this.#count -= 1;
    this.#queue.unhold(delivery);
  }

  /**
   * Takes what one holder holds: of the run of this delivery, or of all runs. With `merged`, runs of one id are one run.
   * It takes the wish for a flush back.
   */
  takeHeld(holder: object, delivery: Delivery | undefined, merged: boolean): Delivery[] {
    this.#cancel?.();
    this.#cancel = undefined;
    const sets = delivery === undefined ? this.#held.values() : this.#setsOf(delivery.run ?? NO_RUN, merged);
    const taken: Delivery[] = [];
    for (const held of sets) for (const one of held) if (one.holder === holder) taken.push(one);
    for (const one of taken) this.release(one);
    return taken;
  }

  /** Takes everything held: of one run, or of all. */
  takeAll(run?: Run): Delivery[] {
    const sets = run === undefined ? [...this.#held.values()] : [this.#held.get(run) ?? []];
    const taken = sets.flatMap((held) => [...held]);
    for (const one of taken) this.release(one);
    return taken;
  }

  #setsOf(run: Pick<Run, "id">, merged: boolean): Set<Delivery>[] {
    if (!merged || run === NO_RUN) return [this.#held.get(run) ?? new Set()];
    return [...this.#held].filter(([other]) => other !== NO_RUN && other.id === run.id).map(([, held]) => held);
  }

  flushIn(ms: number): void {
    if (this.#cancel !== undefined) return;
    this.#cancel = this.#clock.after(ms, () => {
      this.#cancel = undefined;
      this.#due();
    });
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
