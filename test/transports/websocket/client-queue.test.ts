import { expect, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { Start } from "../../../src/message/start.ts";
import { Stop } from "../../../src/message/stop.ts";
import { seededRandom } from "../../../src/testing/conformance/random.ts";
import { type ClientBounds, ClientQueue } from "../../../src/transports/websocket/client-queue.ts";
import { Item } from "../../../src/transports/websocket/item.ts";
import { Lane } from "../../../src/transports/websocket/lane.ts";

const SEED = Number(process.env.ARROYO_SEED ?? "1");
const PLACE = { stream: "s", incarnation: "00", partition: "" };

class Maker {
  readonly #write = nativeCodec.writer({ stream: "s" });
  readonly lane = new Lane();

  item(message: AnyMessage, lane = message.type === "event" ? this.lane : undefined): Item {
    const [frames = []] = this.#write(message as never);
    const header = frames.find((frame) => frame[0] === 0x41) as Uint8Array;
    const payload = frames.at(-1) === header ? undefined : frames.at(-1);
    const parts = { message, header, payload, place: PLACE, next: 0, ...(lane === undefined ? {} : { lane }) };
    const made = new Item(parts);
    lane?.put(made);
    return made;
  }

  start = (run: string): Item => this.item(new Start({}, { run }));
  stop = (run: string): Item => this.item(new Stop({}, { run }));
  event = (run: string, n = 0, bytes = 10): Item => this.item(new Event({ n }, new Uint8Array(bytes), { run }));
}

function drained(queue: ClientQueue): string[] {
  const names: string[] = [];
  for (;;) {
    const item = queue.shift();
    if (item === undefined) return names;
    names.push(`${item.kind} ${item.run}`);
  }
}

const bounds = (change: Partial<ClientBounds>): ClientBounds => ({
  overflow: "drop-oldest",
  maxMessages: 4,
  maxBytes: 1e6,
  ...change,
});

test("lifecycle alone - the oldest run that has not begun falls out, Start and Stop, counted", () => {
  const make = new Maker();
  const queue = new ClientQueue(bounds({}), () => 0);
  for (const run of ["a", "b", "c"]) {
    queue.add(make.start(run));
    queue.add(make.event(run));
    queue.add(make.stop(run));
  }
  expect(drained(queue)).toEqual(["start b", "stop b", "start c", "stop c"]);
  expect(queue.lifecycleDropped).toBe(2);
});

test("a run that fell out before its Stop - stays out, until it begins anew", () => {
  const make = new Maker();
  const queue = new ClientQueue(bounds({ maxMessages: 2 }), () => 0);
  for (const run of ["a", "b", "c"]) queue.add(make.start(run));
  queue.add(make.event("a"));
  queue.add(make.stop("a"));
  expect(drained(queue)).toEqual(["start b", "start c"]);
  expect(queue.lifecycleDropped).toBe(2);
  queue.add(make.start("a"));
  expect(drained(queue)).toEqual(["start a"]);
});

test("a Stop whose Start has left - is always kept", () => {
  const make = new Maker();
  const queue = new ClientQueue(bounds({ maxMessages: 1 }), () => 0);
  queue.add(make.start("a"));
  expect(drained(queue)).toEqual(["start a"]);
  queue.add(make.event("a"));
  queue.add(make.stop("a"));
  queue.add(make.stop("before"));
  expect(drained(queue)).toEqual(["stop a", "stop before"]);
});

test("bytes - what is on its way counts, and the only message may be larger", () => {
  const make = new Maker();
  let buffered = 0;
  const queue = new ClientQueue(bounds({ maxBytes: 2000 }), () => buffered);
  queue.add(make.event("a", 1, 10_000));
  expect(queue.length).toBe(1);
  queue.shift();
  buffered = 10_000;
  queue.add(make.event("a", 2, 10));
  expect(queue.length).toBe(0);
  buffered = 0;
  queue.add(make.event("a", 3, 10));
  expect(queue.length).toBe(1);
});

test("latest - one event of each kind waits behind each Start and Stop", () => {
  const make = new Maker();
  const other = new Lane();
  const queue = new ClientQueue(bounds({ overflow: "latest", maxMessages: 100 }), () => 0);
  queue.add(make.start("a"));
  for (let n = 0; n < 3; n += 1) {
    queue.add(make.event("a", n));
    queue.add(make.item(new Event({ n }, Uint8Array.of(n), { run: "other" }), other));
  }
  queue.add(make.stop("a"));
  queue.add(make.event("none"));
  expect(drained(queue)).toEqual(["start a", "event a", "event other", "stop a", "event none"]);
});

test.each(["latest", "drop-oldest", "drop-newest"] as const)(
  "%s - over random histories no run is torn, the order stays, and the bound holds",
  (overflow) => {
    const random = seededRandom(SEED);
    for (let history = 0; history < 200; history += 1) {
      const make = new Maker();
      const queue = new ClientQueue(bounds({ overflow, maxMessages: 3 }), () => 0);
      const open: string[] = [];
      const came: Item[] = [];
      let next = 0;
      let lifecycle = 0;
      for (let step = 0; step < 60; step += 1) {
        const dice = random();
        const run = open[Math.floor(random() * open.length)];
        if (dice < 0.2) {
          open.push(`r${next}`);
          queue.add(make.start(`r${next}`));
          next += 1;
          lifecycle += 1;
        } else if (dice < 0.4 && run !== undefined) {
          open.splice(open.indexOf(run), 1);
          queue.add(make.stop(run));
          lifecycle += 1;
        } else if (dice < 0.7) queue.add(make.event(run ?? "none", step));
        else {
          const item = queue.shift();
          if (item !== undefined) came.push(item);
        }
      }
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) came.push(item);
      const begun = new Set<string>();
      const hint = `seed ${SEED}, history ${history}`;
      for (const { kind, run = "none" } of came) {
        if (kind === "start") begun.add(run);
        else if (kind === "stop") expect(begun.delete(run), `${hint}: Stop of ${run} without its Start`).toBe(true);
        else if (run !== "none") expect(begun.has(run), `${hint}: event of ${run} without its Start`).toBe(true);
      }
      for (const run of begun) expect(open, `${hint}: ${run} got no Stop`).toContain(run);
      const given = came.filter(({ kind }) => kind !== "event").length;
      expect(given + queue.lifecycleDropped, hint).toBe(lifecycle);
      const events = came.filter(({ kind }) => kind === "event").map(({ sequence }) => sequence);
      expect(events, hint).toEqual([...events].sort((a, b) => a - b));
    }
  },
);
