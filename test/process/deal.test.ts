import { Block, Event, type Message, Operator, Start, Stop } from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../../src/testing/conformance/until.ts";
import { Places } from "../transports/zmq/places.ts";
import { expectSums } from "./accounts.ts";
import { PATIENCE_MS } from "./child.ts";
import { segmentsOf } from "./journals.ts";
import { type Entry, entryOf } from "./programs/journal.ts";
import { Given } from "./sources.ts";

let places: Places;
let opened: AsyncDisposable[] = [];

beforeEach(() => {
  places = new Places();
  opened = [places];
});

afterEach(async () => {
  for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
});

/** A block that pulls, and what its operator saw. */
class Puller extends Operator {
  readonly entries: Entry[] = [];
  readonly block: Block;

  constructor(name: string, ends: { readonly bind: string } | { readonly connect: string }) {
    super();
    this.block = new Block({ name, listeners: [new ZmqListener({ socket: "pull", ...ends })], operator: this });
    opened.push(this.block);
  }

  override process(message: Message): undefined {
    this.entries.push(entryOf(message));
  }

  count(type: Entry["type"]): number {
    return this.entries.filter((entry) => entry.type === type).length;
  }

  ids(run: string): number[] {
    return this.entries.filter((entry) => entry.type === "event" && entry.run === run).map(({ id }) => id as number);
  }
}

/** A block that pushes what it is given. */
class Pusher {
  readonly source: Given = new Given();
  readonly block: Block;
  readonly #publisher: ZmqPublisher<Message>;

  constructor(ends: { readonly bind: string } | { readonly connect: readonly string[] }) {
    this.#publisher = new ZmqPublisher({ socket: "push", reconnectMaxMs: 50, ...ends });
    this.block = new Block({ name: "pusher", listeners: [this.source], publishers: [this.#publisher] });
    opened.push(this.block);
  }

  /** Resolves when so many pullers are there: who comes later sees only runs that are open then. */
  async ready(pullers: number): Promise<void> {
    await this.block.ready();
    await until(() => this.#publisher.readers === pullers, `${pullers} pullers`, PATIENCE_MS);
  }
}

async function sendRun(source: Given, run: string, from: number, count: number): Promise<void> {
  await source.give(new Start({}, { run }));
  for (let id = from; id < from + count; id += 1) {
    await source.give(new Event({ id, life: 0 }, new Uint8Array(8), { run }));
  }
  await source.give(new Stop({}, { run }));
}

test("deal - each puller sees whole runs, each event goes to one of them, and nothing false is said of losses", async () => {
  const addresses = await Promise.all(["tcp", "tcp", "ipc"].map((transport) => places.free(transport as "tcp")));
  const pullers = addresses.map((bind, index) => new Puller(`puller-${index}`, { bind }));
  await Promise.all(pullers.map(({ block }) => block.start()));
  const pusher = new Pusher({ connect: addresses });
  const { source } = pusher;
  await pusher.ready(3);
  await sendRun(source, "one", 0, 300);
  await sendRun(source, "two", 300, 300);
  await until(() => pullers.every((puller) => puller.count("stop") === 2), "two Stops each", PATIENCE_MS);

  const all = pullers.flatMap((puller) => [...puller.ids("one"), ...puller.ids("two")]);
  expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, id) => id));
  for (const { block, entries } of pullers) {
    const account = await block.stop();
    expectSums(account);
    const seen = segmentsOf(entries).map(({ run, resumed, reason }) => [run, resumed, reason]);
    expect(seen).toEqual([
      ["one", false, "completed"],
      ["two", false, "completed"],
    ]);
    for (const { lost, missing = [] } of account.runs) {
      expect(["unknown", 0]).toContain(lost);
      for (const gap of missing) expect(gap.as).toBe("unaccounted");
    }
  }
  // Added up, nothing is missing: what the pullers have is what was sent.
  expect(pullers.reduce((sum, { block }) => sum + block.account.events, 0)).toBe(600);
});

test("deal - a puller that comes in the middle of a run gets its Start and its Stop", async () => {
  const [here, late] = [await places.free("ipc"), await places.free("ipc")];
  const first = new Puller("first", { bind: here });
  await first.block.start();
  const pusher = new Pusher({ connect: [here, late] });
  const { source } = pusher;
  await pusher.block.ready();
  await source.give(new Start({}, { run: "one" }));
  for (let id = 0; id < 10; id += 1) await source.give(new Event({ id, life: 0 }, new Uint8Array(8), { run: "one" }));
  await until(() => first.count("event") === 10, "10 events at the first", PATIENCE_MS);

  const second = new Puller("second", { bind: late });
  await second.block.start();
  await until(() => second.count("start") === 1, "the Start at the second", PATIENCE_MS);
  for (let id = 10; id < 30; id += 1) await source.give(new Event({ id, life: 0 }, new Uint8Array(8), { run: "one" }));
  await source.give(new Stop({}, { run: "one" }));
  await until(() => first.count("stop") + second.count("stop") === 2, "a Stop each", PATIENCE_MS);

  const ids = [...first.ids("one"), ...second.ids("one")];
  expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, id) => id));
  expect(second.ids("one").length).toBeGreaterThan(0);
  for (const { block, entries } of [first, second]) {
    expect(segmentsOf(entries)).toMatchObject([{ run: "one", reason: "completed" }]);
    const account = await block.stop();
    expectSums(account);
    for (const { lost } of account.runs) expect(["unknown", 0]).toContain(lost);
  }
});

test("deal - one address and one puller lose nothing, and know it", async () => {
  const address = await places.free("tcp");
  const puller = new Puller("puller", { bind: address });
  await puller.block.start();
  const pusher = new Pusher({ connect: [address] });
  await pusher.block.ready();
  await sendRun(pusher.source, "one", 0, 200);
  await until(() => puller.count("stop") === 1, "the Stop", PATIENCE_MS);
  expect(await puller.block.stop()).toMatchObject({ events: 200, lost: 0 });
});

test("deal - a socket that binds refuses to split a run between two pullers, and says what to do", async () => {
  const address = await places.free("ipc");
  const pusher = new Pusher({ bind: address });
  await pusher.block.ready();
  const pullers = [1, 2].map((number) => new Puller(`puller-${number}`, { connect: address }));
  await Promise.all(pullers.map(({ block }) => block.ready()));
  await pusher.ready(2);
  void pusher.source.give(
    new Start({}, { run: "one" }),
    new Event({ id: 0, life: 0 }, new Uint8Array(8), { run: "one" }),
  );
  await expect(pusher.block.finished).rejects.toThrow(
    /2 pullers are connected to .* would split the run "one" between them; let the pullers bind, and connect to each/,
  );
});
