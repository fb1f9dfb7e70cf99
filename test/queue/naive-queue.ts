import type { QueueBounds } from "../../src/queue/queue-bounds.ts";
import type { Chunk, DropReason, QueueItem } from "../../src/queue/queue-item.ts";

/** Is what the tests put into queues. */
export interface TestItem extends QueueItem {
  readonly name: string;
  readonly lane: number;
}

/** Writes down what a queue says. */
export interface Said {
  readonly drops: (readonly [string, DropReason])[];
  readonly refusals: string[];
  readonly resolved: string[];
  arrivals: number;
  pressures: number;
}

const isEvent = (item: TestItem): boolean => item.kind === "event" || item.run === undefined;

/** Does what a `BoundedQueue` has to do, in the plainest way: lists, walked from the beginning each time. */
export class NaiveQueue {
  readonly said: Said = { drops: [], refusals: [], resolved: [], arrivals: 0, pressures: 0 };
  readonly #bounds: QueueBounds;
  queue: TestItem[] = [];
  waiting: TestItem[] = [];
  taken: TestItem[] = [];
  held: TestItem[] = [];
  readonly #closed = new Set<number>();
  readonly #fallen = new Set<object>();
  #lastOut = -1;
  #lastIn = -1;
  #known = false;
  #pressed = false;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  /** The memory of all that is not settled; a chunk counts once. */
  memory(items: readonly TestItem[]): number {
    const chunks = new Set<Chunk>();
    let bytes = 0;
    for (const { chunk, bytes: own } of items) {
      bytes += own;
      if (chunk !== undefined && !chunks.has(chunk)) bytes += chunk.bytes;
      if (chunk !== undefined) chunks.add(chunk);
    }
    return bytes;
  }

  get bytes(): number {
    return this.memory([...this.queue, ...this.taken]);
  }

  get heldFull(): boolean {
    const { maxMessages, maxBytes } = this.#bounds;
    const bytes = this.memory(this.held);
    if (this.held.length >= maxMessages || bytes >= maxBytes) return true;
    const next = this.#next(this.waiting, this.#lastIn);
    return next !== undefined && this.queue.length === 0 && bytes > 0 && this.memory([...this.held, next]) > maxBytes;
  }

  put(item: TestItem): void {
    if (this.#closed.has(item.lane)) {
      this.said.refusals.push(item.name);
      return;
    }
    const behind = this.waiting.some(({ lane }) => lane === item.lane || this.#bounds.overflow === "block");
    const fate = behind ? this.#judgeBehind(item) : this.#judge(item);
    if (fate === "wait") this.waiting.push(item);
    else this.#decide(item, fate);
    if (fate !== "wait") this.#wake();
    this.#tell();
  }

  shift(): TestItem | undefined {
    const item = this.#next(this.queue, this.#lastOut);
    if (item === undefined) return undefined;
    this.#lastOut = item.lane;
    this.queue = this.queue.filter((other) => other !== item);
    this.taken.push(item);
    this.#wake();
    this.#tell();
    return item;
  }

  hold(item: TestItem): void {
    this.held.push(item);
    this.#tell();
  }

  unhold(item: TestItem): void {
    this.held = this.held.filter((other) => other !== item);
    this.#wake();
    this.#tell();
  }

  settle(item: TestItem): void {
    this.taken = this.taken.filter((other) => other !== item);
    this.#wake();
    this.#tell();
  }

  close(lane: number): void {
    if (this.#closed.has(lane)) return;
    this.#refuse(lane);
    this.#wake();
    this.#tell();
  }

  closeIntake(lanes: number): void {
    for (let lane = 0; lane < lanes; lane++) this.#refuse(lane);
    this.#tell();
  }

  #refuse(lane: number): void {
    this.#closed.add(lane);
    const refused = this.waiting.filter((item) => item.lane === lane);
    this.waiting = this.waiting.filter((item) => item.lane !== lane);
    for (const { name } of refused) {
      this.said.resolved.push(name);
      this.said.refusals.push(name);
    }
  }

  #next(items: readonly TestItem[], last: number): TestItem | undefined {
    const lanes = [...new Set(items.map(({ lane }) => lane))].sort((a, b) => a - b);
    const lane = lanes.find((number) => number > last) ?? lanes[0];
    return items.find((item) => item.lane === lane);
  }

  #fits(item: TestItem): boolean {
    if (this.queue.length + this.held.length >= this.#bounds.maxMessages) return false;
    return this.bytes === 0 || this.memory([...this.queue, ...this.taken, item]) <= this.#bounds.maxBytes;
  }

  #judgeBehind(item: TestItem): "wait" | DropReason {
    if (this.#bounds.overflow === "block") return "wait";
    if (isEvent(item)) return "queue-full-newest";
    if (item.kind === "start") return "wait";
    const start = this.waiting.findLast(
      ({ kind, run, lane }) => kind === "start" && run === item.run && lane === item.lane,
    );
    if (start === undefined) return "wait";
    this.waiting = this.waiting.filter((other) => other !== start);
    this.said.resolved.push(start.name);
    this.said.drops.push([start.name, "run-fell-out"]);
    return "run-fell-out";
  }

  #judge(item: TestItem): "admit" | "wait" | DropReason {
    const { overflow } = this.#bounds;
    if (overflow === "block") return this.#fits(item) ? "admit" : "wait";
    if (item.kind !== "start" && item.run !== undefined && this.#fallen.has(item.run)) return "run-fell-out";
    if (!isEvent(item)) return this.#judgeLifecycle(item);
    if (overflow === "latest") {
      for (const older of this.queue.filter(
        (other) => isEvent(other) && other.run === item.run && other.lane === item.lane,
      )) {
        this.#drop(older, "superseded");
      }
    }
    while (!this.#fits(item)) {
      const oldest = this.queue.find(isEvent);
      if (oldest === undefined) return "admit";
      if (overflow === "drop-newest") return "queue-full-newest";
      this.#drop(oldest, "queue-full-oldest");
    }
    return "admit";
  }

  #judgeLifecycle(item: TestItem): "admit" | "wait" | DropReason {
    if (this.#fits(item)) return "admit";
    const starts = (): TestItem[] => this.queue.filter((other) => other.kind === "start" && !isEvent(other));
    const stopOf = (start: TestItem): TestItem | undefined =>
      this.queue.find(
        (other, at) => at > this.queue.indexOf(start) && other.kind === "stop" && other.run === start.run,
      );
    const kept = this.queue.filter(
      (stop) => !isEvent(stop) && stop.kind === "stop" && !starts().some((start) => stopOf(start) === stop),
    );
    const pinned = [...kept, ...this.taken];
    const bytes = this.memory(pinned);
    if (this.held.length + kept.length >= this.#bounds.maxMessages) return "wait";
    if (bytes > 0 && this.memory([...pinned, item]) > this.#bounds.maxBytes) return "wait";
    while (!this.#fits(item)) {
      const newest = this.#bounds.overflow === "drop-newest";
      const event = newest ? this.queue.findLast(isEvent) : this.queue.find(isEvent);
      if (event !== undefined) {
        this.#drop(event, newest ? "queue-full-newest" : "queue-full-oldest");
        continue;
      }
      const whole = starts()
        .filter((start) => stopOf(start) !== undefined)
        .sort((a, b) => this.queue.indexOf(stopOf(a) as TestItem) - this.queue.indexOf(stopOf(b) as TestItem));
      const open = starts().filter((start) => stopOf(start) === undefined);
      const own = open.find((start) => item.kind === "stop" && start.run === item.run);
      const start = whole[0] ?? own ?? (open.at(-1) as TestItem);
      const stop = stopOf(start);
      this.#drop(start, "run-fell-out");
      if (stop === undefined) this.#fallen.add(start.run as object);
      else this.#drop(stop, "run-fell-out");
      if (start === own) return "run-fell-out";
    }
    return "admit";
  }

  #drop(item: TestItem, reason: DropReason): void {
    this.queue = this.queue.filter((other) => other !== item);
    this.said.drops.push([item.name, reason]);
  }

  #decide(item: TestItem, fate: "admit" | DropReason): void {
    if (fate === "admit") {
      this.queue.push(item);
      if (item.kind === "start" && item.run !== undefined) this.#fallen.delete(item.run);
    } else {
      this.said.drops.push([item.name, fate]);
    }
  }

  #wake(): void {
    for (;;) {
      const item = this.#next(this.waiting, this.#lastIn);
      if (item === undefined) return;
      const fate = this.#judge(item);
      if (fate === "wait") return;
      this.#lastIn = item.lane;
      this.waiting = this.waiting.filter((other) => other !== item);
      this.said.resolved.push(item.name);
      this.#decide(item, fate);
    }
  }

  #tell(): void {
    if (this.queue.length > 0 && !this.#known) this.said.arrivals += 1;
    this.#known = this.queue.length > 0;
    if (this.heldFull && !this.#pressed) this.said.pressures += 1;
    this.#pressed = this.heldFull;
  }
}
