import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { BoundedQueue } from "../../src/queue/bounded-queue.ts";
import type { Lane } from "../../src/queue/lane.ts";
import type { QueueBounds } from "../../src/queue/queue-bounds.ts";
import type { Chunk, DropReason, QueueItem } from "../../src/queue/queue-item.ts";

interface Named extends QueueItem {
  readonly name: string;
}

function item(name: string, more: Partial<QueueItem> = {}): Named {
  return { name, kind: "event", run: undefined, bytes: 1, chunk: undefined, ...more };
}

/** Makes the messages of a run, by name. */
function run(name: string): { start: Named; stop: Named; event: (number: number, bytes?: number) => Named } {
  const of = { name };
  return {
    start: item(`${name}[`, { kind: "start", run: of }),
    stop: item(`${name}]`, { kind: "stop", run: of }),
    event: (number, bytes = 1) => item(`${name}${number}`, { run: of, bytes }),
  };
}

class Tested extends BoundedQueue<Named> {
  readonly drops: string[];
  readonly refusals: string[];

  constructor(bounds: Partial<QueueBounds>) {
    const drops: string[] = [];
    const refusals: string[] = [];
    const dropped = ({ name }: Named, reason: DropReason): void => void drops.push(`${name} ${reason}`);
    super({ overflow: "block", maxMessages: 100, maxBytes: 1_000, ...bounds }, dropped, ({ name }) => {
      refusals.push(name);
    });
    this.drops = drops;
    this.refusals = refusals;
  }

  take(count = Number.POSITIVE_INFINITY): string {
    const names: string[] = [];
    while (names.length < count && this.queued > 0) names.push(this.shift()?.name ?? "nothing");
    return names.join(" ");
  }
}

/** Puts what must not have to wait. */
function enter(lane: Lane<Named>, one: Named): void {
  expect(lane.put(one)).toBeUndefined();
}

/** Tells whether a put still waits, after all that is ready has run. */
async function waits(put: void | Promise<void>): Promise<boolean> {
  let waiting = put !== undefined;
  void put?.then(() => {
    waiting = false;
  });
  await Promise.resolve();
  return waiting;
}

test("bounded queue - emptied calls back once, when the last is taken, and at once where nothing is queued", () => {
  const queue = new Tested({});
  const lane = queue.lane();
  const calls: string[] = [];
  queue.emptied(() => calls.push("at once"));
  enter(lane, item("1"));
  enter(lane, item("2"));
  queue.emptied(() => calls.push("one"));
  queue.emptied(() => calls.push("other"));
  expect([queue.take(1), calls.length]).toEqual(["1", 1]);
  expect([queue.take(1), calls]).toEqual(["2", ["at once", "one", "other"]]);
  enter(lane, item("3"));
  expect([queue.take(), calls.length]).toEqual(["3", 3]);
});

describe("bounded queue - lanes", () => {
  test("bounded queue - takes from its lanes in turns and keeps the order of each", () => {
    const queue = new Tested({});
    const [first, second] = [queue.lane(), queue.lane()];
    for (const name of ["a1", "a2", "a3"]) enter(first, item(name));
    for (const name of ["b1", "b2"]) enter(second, item(name));
    expect(queue.take()).toBe("a1 b1 a2 b2 a3");
  });

  test("bounded queue - a closed lane gives what it has and takes no more", async () => {
    const queue = new Tested({ maxMessages: 1 });
    const lane = queue.lane();
    enter(lane, item("1"));
    const put = lane.put(item("2"));
    lane.close();
    lane.close();
    expect(await waits(put)).toBe(false);
    enter(lane, item("3"));
    expect(queue.refusals).toEqual(["2", "3"]);
    expect(queue.take()).toBe("1");
  });

  test("bounded queue - tells when an empty queue gets something, also by a settlement", () => {
    const queue = new Tested({ maxBytes: 10 });
    const lane = queue.lane();
    let arrivals = 0;
    queue.onArrival = () => {
      arrivals += 1;
    };
    const large = item("1", { bytes: 10 });
    enter(lane, large);
    void lane.put(item("2"));
    expect(arrivals).toBe(1);
    expect(queue.take()).toBe("1");
    queue.settle(large);
    expect(arrivals).toBe(2);
    expect(queue.take()).toBe("2");
  });

  test("bounded queue - what is taken within onArrival is gone", () => {
    const queue = new Tested({ maxMessages: 1 });
    const lane = queue.lane();
    const taken: string[] = [];
    queue.onArrival = () => taken.push(queue.take());
    for (const name of ["1", "2", "3"]) expect(lane.put(item(name))).toBeUndefined();
    expect(taken).toEqual(["1", "2", "3"]);
  });
});

describe("bounded queue - block", () => {
  test("bounded queue - a put waits for room in messages, in order", async () => {
    const queue = new Tested({ maxMessages: 1 });
    const lane = queue.lane();
    expect(lane.put(item("1"))).toBeUndefined();
    const [second, third] = [lane.put(item("2")), lane.put(item("3"))];
    expect(queue.take(1)).toBe("1");
    expect([await waits(second), await waits(third)]).toEqual([false, true]);
    expect(queue.take()).toBe("2 3");
    expect(await waits(third)).toBe(false);
  });

  test("bounded queue - bytes count until they are settled", async () => {
    const queue = new Tested({ maxBytes: 10 });
    const lane = queue.lane();
    const [first, second] = [item("1", { bytes: 6 }), item("2", { bytes: 6 })];
    enter(lane, first);
    const put = lane.put(second);
    expect(queue.shift()).toBe(first);
    expect(await waits(put)).toBe(true);
    queue.settle(first);
    expect(await waits(put)).toBe(false);
    expect(queue.bytes).toBe(6);
  });

  test("bounded queue - what is larger than the bound comes in alone", async () => {
    const queue = new Tested({ maxBytes: 10 });
    const lane = queue.lane();
    const small = item("small");
    enter(lane, small);
    const large = item("large", { bytes: 99 });
    const [put, next] = [lane.put(large), lane.put(item("next"))];
    queue.take();
    expect(await waits(put)).toBe(true);
    queue.settle(small);
    expect([await waits(put), await waits(next)]).toEqual([false, true]);
    queue.take();
    queue.settle(large);
    expect(await waits(next)).toBe(false);
  });

  test("bounded queue - a large item is not overtaken for ever by small ones of other lanes", async () => {
    const queue = new Tested({ maxBytes: 10 });
    const [first, second] = [queue.lane(), queue.lane()];
    const small = item("small", { bytes: 9 });
    enter(second, small);
    const large = first.put(item("large", { bytes: 10 }));
    const overtaking = second.put(item("overtaking", { bytes: 1 }));
    expect([await waits(large), await waits(overtaking)]).toEqual([true, true]);
    queue.take();
    queue.settle(small);
    expect([await waits(large), await waits(overtaking)]).toEqual([false, true]);
  });

  test("bounded queue - a chunk is charged with its first message and released with its last, what is beside it with each", () => {
    const queue = new Tested({});
    const lane = queue.lane();
    const chunk: Chunk = { bytes: 64, users: 0 };
    const items = ["1", "2"].map((name) => item(name, { bytes: 5, chunk }));
    for (const one of items) enter(lane, one);
    expect(queue.bytes).toBe(64 + 2 * 5);
    queue.take();
    queue.settle(items[0] as Named);
    expect(queue.bytes).toBe(64 + 5);
    queue.settle(items[1] as Named);
    expect([queue.bytes, chunk.users]).toEqual([0, 0]);
  });

  test("bounded queue - closing the intake refuses what waits and what comes, and tells who waits", async () => {
    const queue = new Tested({ maxMessages: 1 });
    const lane = queue.lane();
    enter(lane, item("1"));
    const put = lane.put(item("2"));
    queue.closeIntake();
    expect(await waits(put)).toBe(false);
    expect(lane.put(item("3"))).toBeUndefined();
    expect(queue.refusals).toEqual(["2", "3"]);
    expect([...queue.drain()].map(({ name }) => name)).toEqual(["1"]);
  });

  test("bounded queue - puts of someone who never waits are an error before they are a leak", () => {
    const queue = new Tested({ maxMessages: 1 });
    const lane = queue.lane();
    for (let count = 0; count < 1_025; count++) void lane.put(item("1"));
    expect(() => lane.put(item("1"))).toThrow("1024 puts of one listener wait for room; await what put() gives");
  });
});

describe("bounded queue - what is held", () => {
  test("bounded queue - counts as message again, and fills the bound", async () => {
    const queue = new Tested({ maxMessages: 2 });
    const lane = queue.lane();
    let pressures = 0;
    queue.onPressure = () => {
      pressures += 1;
    };
    const [first, second] = [item("1"), item("2")];
    for (const one of [first, second]) enter(lane, one);
    queue.take();
    queue.hold(first);
    expect([queue.heldFull, pressures]).toEqual([false, 0]);
    queue.hold(second);
    expect([queue.heldFull, queue.full, pressures]).toEqual([true, true, 1]);
    const put = lane.put(item("3"));
    queue.unhold(first);
    expect([queue.heldFull, await waits(put)]).toEqual([false, false]);
  });

  test("bounded queue - does not press while something is queued that may lead to a release", async () => {
    const queue = new Tested({ maxBytes: 10 });
    const lane = queue.lane();
    const held = item("held", { bytes: 6 });
    enter(lane, held);
    queue.take();
    queue.hold(held);
    enter(lane, item("queued"));
    const put = lane.put(item("next", { bytes: 5 }));
    expect(queue.heldFull).toBe(false);
    queue.take();
    expect([queue.heldFull, await waits(put)]).toEqual([true, true]);
  });

  test("bounded queue - presses as soon as it leaves no room for who is next", async () => {
    const queue = new Tested({ maxBytes: 10 });
    const lane = queue.lane();
    let pressures = 0;
    queue.onPressure = () => {
      pressures += 1;
    };
    const held = item("held", { bytes: 6 });
    enter(lane, held);
    queue.take();
    queue.hold(held);
    expect([queue.heldFull, queue.heldBytes]).toEqual([false, 6]);
    const put = lane.put(item("next", { bytes: 5 }));
    expect([queue.heldFull, pressures]).toEqual([true, 1]);
    queue.unhold(held);
    queue.settle(held);
    expect([queue.heldFull, await waits(put)]).toEqual([false, false]);
  });
});

describe("bounded queue - lossy policies", () => {
  test("bounded queue - drop-oldest drops the oldest event of any lane", () => {
    const queue = new Tested({ overflow: "drop-oldest", maxMessages: 2 });
    const [first, second] = [queue.lane(), queue.lane()];
    enter(first, item("a1"));
    enter(second, item("b1"));
    enter(second, item("b2"));
    expect(queue.drops).toEqual(["a1 queue-full-oldest"]);
    expect(queue.take()).toBe("b1 b2");
  });

  test("bounded queue - drop-oldest passes over Starts and Stops", () => {
    const queue = new Tested({ overflow: "drop-oldest", maxMessages: 3 });
    const lane = queue.lane();
    const { start, stop, event } = run("A");
    for (const one of [start, event(1), event(2), event(3), stop]) enter(lane, one);
    expect(queue.drops).toEqual(["A1 queue-full-oldest", "A2 queue-full-oldest"]);
    expect(queue.take()).toBe("A[ A3 A]");
  });

  test("bounded queue - drop-newest drops what comes, and the newest event for a Stop", () => {
    const queue = new Tested({ overflow: "drop-newest", maxMessages: 3 });
    const lane = queue.lane();
    const { start, stop, event } = run("A");
    for (const one of [start, event(1), event(2), event(3), stop]) enter(lane, one);
    expect(queue.drops).toEqual(["A3 queue-full-newest", "A2 queue-full-newest"]);
    expect(queue.take()).toBe("A[ A1 A]");
  });

  test("bounded queue - latest keeps the newest event of each run and lane", () => {
    const queue = new Tested({ overflow: "latest" });
    const [first, second] = [queue.lane(), queue.lane()];
    const [a, b] = [run("A"), run("B")];
    for (const one of [a.start, a.event(1), b.start, b.event(1), item("x"), a.event(2), b.event(2), item("y")])
      enter(first, one);
    enter(second, item("z"));
    expect(queue.drops).toEqual(["A1 superseded", "B1 superseded", "x superseded"]);
    expect(queue.take()).toBe("A[ z B[ A2 B2 y");
  });

  test.each(["drop-oldest", "drop-newest", "latest"] as const)(
    "bounded queue - %s lets one event in, whatever is in work",
    (overflow) => {
      const queue = new Tested({ overflow, maxMessages: 1, maxBytes: 10 });
      const lane = queue.lane();
      const first = item("1", { bytes: 10 });
      enter(lane, first);
      queue.take();
      queue.hold(first);
      for (const name of ["2", "3"]) expect(lane.put(item(name, { bytes: 9 }))).toBeUndefined();
      expect(queue.take()).toBe(overflow === "drop-newest" ? "2" : "3");
      expect(queue.drops.length).toBe(1);
    },
  );

  test("bounded queue - where only Starts and Stops are queued, the oldest whole run falls out", () => {
    const queue = new Tested({ overflow: "drop-oldest", maxMessages: 4 });
    const lane = queue.lane();
    const [a, b, c] = [run("A"), run("B"), run("C")];
    for (const one of [a.start, a.stop, b.start, b.stop, c.start]) enter(lane, one);
    expect(queue.drops).toEqual(["A[ run-fell-out", "A] run-fell-out"]);
    expect(queue.take()).toBe("B[ B] C[");
  });

  test("bounded queue - a Stop takes its own Start with it where nothing else can go", () => {
    const queue = new Tested({ overflow: "latest", maxMessages: 2 });
    const lane = queue.lane();
    const [a, b] = [run("A"), run("B")];
    for (const one of [a.start, b.start, a.stop]) enter(lane, one);
    expect(queue.drops).toEqual(["A[ run-fell-out", "A] run-fell-out"]);
    expect(queue.take()).toBe("B[");
  });

  test("bounded queue - the newest open run falls out for a Start, with all that comes of it until it begins again", () => {
    const queue = new Tested({ overflow: "drop-oldest", maxMessages: 2 });
    const lane = queue.lane();
    const [a, b, c] = [run("A"), run("B"), run("C")];
    for (const one of [a.start, b.start, c.start, b.event(1), b.stop]) enter(lane, one);
    expect(queue.drops).toEqual(["B[ run-fell-out", "B1 run-fell-out", "B] run-fell-out"]);
    expect(queue.take()).toBe("A[ C[");
    for (const one of [b.start, b.stop]) enter(lane, one);
    expect(queue.take()).toBe("B[ B]");
  });

  test("bounded queue - of a run that fell out nothing may go past the queue, until it begins again", () => {
    const queue = new Tested({ overflow: "drop-oldest", maxMessages: 1 });
    const lane = queue.lane();
    const [a, b] = [run("A"), run("B")];
    for (const one of [a.start, b.start]) enter(lane, one);
    expect(queue.take()).toBe("B[");
    expect([a.event(1), a.stop, b.event(1), item("x")].map((one) => queue.mayPass(one))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect([a.start, a.event(2), a.stop].map((one) => queue.mayPass(one))).toEqual([true, true, true]);
  });

  test("bounded queue - a Stop that cannot have room waits, and nothing is dropped in vain", async () => {
    const queue = new Tested({ overflow: "latest", maxBytes: 10 });
    const lane = queue.lane();
    const { start, stop, event } = run("A");
    const [first, second] = [event(1, 9), event(2, 1)];
    for (const one of [start, first]) enter(lane, one);
    expect(queue.take()).toBe("A[ A1");
    enter(lane, second);
    const put = lane.put(stop);
    expect(await waits(put)).toBe(true);
    expect(queue.take()).toBe("A2");
    queue.settle(first);
    expect(await waits(put)).toBe(false);
    expect(queue.drops).toEqual([]);
    expect(queue.take()).toBe("A]");
  });

  test("bounded queue - behind a Start that waits events are dropped and its Stop falls out with it", async () => {
    const queue = new Tested({ overflow: "drop-oldest", maxMessages: 1 });
    const lane = queue.lane();
    const [a, b] = [run("A"), run("B")];
    enter(lane, a.start);
    queue.take();
    enter(lane, a.stop);
    const put = lane.put(b.start);
    expect(await waits(put)).toBe(true);
    for (const one of [b.event(1), b.stop]) expect(lane.put(one)).toBeUndefined();
    expect(await waits(put)).toBe(false);
    expect(queue.drops).toEqual(["B1 queue-full-newest", "B[ run-fell-out", "B] run-fell-out"]);
    expect(queue.take()).toBe("A]");
  });

  test("bounded queue - a dropped callback may call the queue", () => {
    const taken: unknown[] = [];
    const queue: BoundedQueue<Named> = new BoundedQueue(
      { overflow: "drop-oldest", maxMessages: 2, maxBytes: 100 },
      () => {
        for (let one = queue.shift(); one !== undefined; one = queue.shift()) taken.push(one.name);
        queue.closeIntake();
      },
      ({ name }) => taken.push(`${name} refused`),
    );
    const lane = queue.lane();
    for (const name of ["1", "2", "3", "4"]) enter(lane, item(name));
    expect(taken).toEqual(["2", "3", "4 refused"]);
  });
});

describe("bounded queue - bounds", () => {
  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "7" as unknown as number])(
    "bounded queue - refuses %s as a bound",
    (value) => {
      expect(() => new Tested({ maxMessages: value })).toThrow(UsageError);
      expect(() => new Tested({ maxBytes: value })).toThrow(`queue: maxBytes is ${value}; give a whole number above 0`);
    },
  );

  test("bounded queue - names the policies that exist", () => {
    expect(() => new Tested({ overflow: "drop" as "block" })).toThrow(
      'queue: there is no overflow policy "drop"; use one of block, drop-oldest, drop-newest, latest',
    );
  });
});
