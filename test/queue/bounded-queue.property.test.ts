import { expect, test } from "vitest";
import { BoundedQueue } from "../../src/queue/bounded-queue.ts";
import type { Lane } from "../../src/queue/lane.ts";
import type { QueueBounds } from "../../src/queue/queue-bounds.ts";
import type { DropReason } from "../../src/queue/queue-item.ts";
import { below, SomeSource, someBounds } from "./history.ts";
import { NaiveQueue, type Said, type TestItem } from "./naive-queue.ts";

const FIRST_SEED = Number(process.env.ARROYO_SEED ?? 1);
const HISTORIES = process.env.ARROYO_LONG === "1" ? 20_000 : 2_000;
const STEPS = 120;

/** Lives through one history with a queue and its model, and compares them after every step. */
class History {
  readonly #random: (limit: number) => number;
  readonly bounds: QueueBounds;
  readonly #model: NaiveQueue;
  readonly #queue: BoundedQueue<TestItem>;
  readonly #said: Said = { drops: [], refusals: [], resolved: [], arrivals: 0, pressures: 0 };
  readonly #lanes: Lane<TestItem>[] = [];
  readonly #sources: SomeSource[] = [];
  readonly #items: TestItem[] = [];
  readonly #waited = new Set<string>();
  readonly #taken: TestItem[] = [];
  readonly #seen: TestItem[] = [];
  #before = { queued: 0, bytes: 0 };
  readonly #steps: string[] = [];

  constructor(seed: number) {
    this.#random = below(seed);
    this.bounds = someBounds(this.#random);
    this.#model = new NaiveQueue(this.bounds);
    const dropped = ({ name }: TestItem, reason: DropReason): void => void this.#said.drops.push([name, reason]);
    this.#queue = new BoundedQueue(this.bounds, dropped, ({ name }) => void this.#said.refusals.push(name));
    this.#queue.onArrival = () => {
      this.#said.arrivals += 1;
    };
    this.#queue.onPressure = () => {
      this.#said.pressures += 1;
    };
    this.#addLane();
  }

  get steps(): string {
    return this.#steps.join("\n");
  }

  async live(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      this.#step();
      await this.#compare();
    }
    if (this.#random(4) === 0) {
      this.#steps.push("close intake");
      this.#queue.closeIntake();
      this.#model.closeIntake(this.#lanes.length);
      await this.#compare();
    }
    await this.#finish();
    this.#judge();
  }

  #step(): void {
    const choice = this.#random(24);
    const free = this.#taken.filter((item) => !this.#model.held.includes(item));
    const held = this.#model.held[this.#random(Math.max(1, this.#model.held.length))];
    const some = free[this.#random(Math.max(1, free.length))];
    if (choice < 11) this.#put(this.#random(this.#lanes.length));
    else if (choice < 17) this.#shift();
    else if (choice < 20 && some !== undefined) this.#settle(some);
    else if (choice === 20 && some !== undefined) this.#hold(some);
    else if (choice === 21 && held !== undefined) this.#unhold(held);
    else if (choice === 22 && this.#lanes.length < 4) this.#addLane();
    else if (choice === 23 && this.#random(8) === 0) this.#close(this.#random(this.#lanes.length));
  }

  /** Takes and settles everything, so that whatever waits must come in. */
  async #finish(): Promise<void> {
    while (this.#model.queue.length + this.#model.waiting.length + this.#taken.length > 0) {
      const [item] = this.#taken;
      if (item === undefined) {
        this.#shift();
      } else {
        if (this.#model.held.includes(item)) this.#unhold(item);
        this.#settle(item);
      }
      await this.#compare();
    }
    expect([this.#queue.queued, this.#queue.waiting, this.#queue.held, this.#queue.bytes]).toEqual([0, 0, 0, 0]);
    expect(this.#queue.shift()).toBeUndefined();
  }

  #addLane(): void {
    this.#sources.push(new SomeSource(this.#lanes.length, this.#random));
    this.#lanes.push(this.#queue.lane());
  }

  #put(lane: number): void {
    const item = this.#sources[lane]?.next() as TestItem;
    this.#steps.push(`put ${item.name} ${item.chunk === undefined ? item.bytes : `chunk of ${item.chunk.bytes}`}`);
    this.#items.push(item);
    const full = this.#queue.full;
    const wait = this.#lanes[lane]?.put(item);
    if (wait !== undefined) {
      this.#waited.add(item.name);
      void wait.then(() => this.#said.resolved.push(item.name));
    }
    this.#model.put(item);
    if (this.#model.waiting.includes(item)) expect(wait).toBeDefined();
    if (!full && item.bytes === 0 && item.chunk === undefined) expect(wait, "the queue was not full").toBeUndefined();
  }

  #shift(): void {
    const item = this.#queue.shift();
    this.#steps.push(`shift ${item?.name}`);
    expect(item?.name).toBe(this.#model.shift()?.name);
    if (item === undefined) return;
    this.#taken.push(item);
    this.#seen.push(item);
  }

  #settle(item: TestItem): void {
    this.#steps.push(`settle ${item.name}`);
    this.#taken.splice(this.#taken.indexOf(item), 1);
    this.#queue.settle(item);
    this.#model.settle(item);
  }

  #hold(item: TestItem): void {
    this.#steps.push(`hold ${item.name}`);
    this.#queue.hold(item);
    this.#model.hold(item);
  }

  #unhold(item: TestItem): void {
    this.#steps.push(`unhold ${item.name}`);
    this.#queue.unhold(item);
    this.#model.unhold(item);
  }

  #close(lane: number): void {
    this.#steps.push(`close ${lane}`);
    this.#lanes[lane]?.close();
    this.#model.close(lane);
  }

  async #compare(): Promise<void> {
    await Promise.resolve();
    const queue = this.#queue;
    const model = this.#model;
    const ours = [queue.queued, queue.held, queue.waiting, queue.bytes, queue.heldBytes, queue.heldFull];
    const theirs = [
      model.queue.length,
      model.held.length,
      model.waiting.length,
      model.bytes,
      model.memory(model.held),
      model.heldFull,
    ];
    if (ours.some((value, index) => value !== theirs[index])) expect(ours).toEqual(theirs);
    for (const what of ["drops", "refusals", "resolved"] as const) {
      const [mine, its] = [this.#said[what], model.said[what]];
      if (mine.length !== its.length || String(mine.at(-1)) !== String(its.at(-1))) expect(mine).toEqual(its);
    }
    if (this.#said.arrivals !== model.said.arrivals) expect(this.#said.arrivals).toBe(model.said.arrivals);
    if (this.#said.pressures !== model.said.pressures) expect(this.#said.pressures).toBe(model.said.pressures);
    this.#checkBounds();
  }

  /** What grew beyond a bound must be one of the two exceptions: an item alone, or the only event of a lossy queue. */
  #checkBounds(): void {
    const { queue, taken, held } = this.#model;
    const { overflow, maxMessages, maxBytes } = this.bounds;
    const { queued, bytes } = this.#queue;
    const before = this.#before;
    this.#before = { queued, bytes };
    const events = queue.filter(({ kind, run }) => kind === "event" || run === undefined);
    const onlyEvent = overflow !== "block" && events.length === 1;
    if (queued > before.queued && queued + held.length > maxMessages) {
      expect(onlyEvent, `${queued} queued and ${held.length} held`).toBe(true);
    }
    if (bytes > before.bytes && bytes > maxBytes) {
      const alone = [...queue, ...taken].some((item) => this.#model.memory([item]) === bytes);
      expect(alone || onlyEvent, `${bytes} bytes`).toBe(true);
    }
  }

  /** Looks at the whole history, without the model. */
  #judge(): void {
    const dropped = new Set(this.#said.drops.map(([name]) => name));
    const refused = new Set(this.#said.refusals);
    const seen = new Set(this.#seen);
    expect(this.#said.resolved.length, "puts that waited and were told").toBe(this.#waited.size);
    expect(dropped.size + refused.size + seen.size, "each item has one fate").toBe(this.#items.length);
    expect(this.#said.drops.length + this.#said.refusals.length + this.#seen.length).toBe(this.#items.length);
    if (this.bounds.overflow === "block") expect(dropped.size).toBe(0);
    for (let lane = 0; lane < this.#lanes.length; lane++) {
      const inOrder = this.#items.filter((item) => item.lane === lane && seen.has(item));
      expect(this.#seen.filter((item) => item.lane === lane)).toEqual(inOrder);
    }
    this.#checkRuns(refused);
  }

  /** No run is torn: what was seen of each is Start, events, Stop, as far as it was put. */
  #checkRuns(refused: ReadonlySet<string>): void {
    const runs = new Set(this.#items.map(({ run }) => run).filter((run) => run !== undefined));
    for (const run of runs) {
      const items = this.#items.filter((item) => item.run === run);
      if (items.some(({ name }) => refused.has(name))) continue;
      const kinds = this.#seen.filter((item) => item.run === run).map(({ kind }) => kind);
      const ended = items.at(-1)?.kind === "stop";
      expect(kinds.join(" ")).toMatch(
        ended ? /^(start( event)* stop ?)*$/ : /^(start( event)* stop ?)*(start( event)*)?$/,
      );
    }
  }
}

test(`bounded queue - ${HISTORIES} random histories go as in the naive model, from seed ${FIRST_SEED}`, async () => {
  const policies = new Set<string>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
    const history = new History(seed);
    policies.add(history.bounds.overflow);
    try {
      await history.live();
    } catch (error) {
      throw new Error(`seed ${seed}, ${JSON.stringify(history.bounds)}:\n${history.steps}`, { cause: error });
    }
  }
  expect(policies.size).toBe(4);
});
