import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";

describe("virtual clock", () => {
  test("time - stands still until it is advanced, and by no more than that", async () => {
    const clock = new VirtualClock(1_000);
    const came: number[] = [];
    clock.after(500, () => came.push(clock.now()));
    clock.after(501, () => came.push(clock.now()));
    await clock.settle();
    expect(came).toEqual([]);
    await clock.advance(500);
    expect(came).toEqual([1_500]);
    expect(clock.now()).toBe(1_500);
    expect(clock.timers).toBe(1);
    expect(clock.nextMs).toBe(1_501);
  });

  test("timers - come in the order of their time, those of one time as they were asked for", async () => {
    const clock = new VirtualClock(0);
    const came: string[] = [];
    for (const [ms, name] of [
      [20, "d"],
      [10, "a"],
      [10, "b"],
      [20, "e"],
      [10, "c"],
    ] as const) {
      clock.after(ms, () => came.push(`${name}${clock.now()}`));
    }
    await clock.advance(100);
    expect(came).toEqual(["a10", "b10", "c10", "d20", "e20"]);
  });

  test("timers - a timer made by a timer comes at its own time within the same advance", async () => {
    const clock = new VirtualClock(0);
    const came: number[] = [];
    const again = (): void => {
      came.push(clock.now());
      if (came.length < 4) clock.after(10, again);
    };
    clock.after(10, again);
    await clock.advance(35);
    expect(came).toEqual([10, 20, 30]);
    expect(clock.now()).toBe(35);
  });

  test("timers - one that is taken back never comes, also when the one before takes it back", async () => {
    const clock = new VirtualClock(0);
    const came: string[] = [];
    const cancel = clock.after(10, () => came.push("cancelled"));
    clock.after(10, () => came.push("stays"));
    const later = clock.after(20, () => came.push("later"));
    clock.after(15, later);
    cancel();
    cancel();
    await clock.advance(50);
    expect(came).toEqual(["stays"]);
    expect(clock.timers).toBe(0);
  });

  test("timers - a time that is negative or no number comes at once, an endless one never", async () => {
    const clock = new VirtualClock(5);
    const came: number[] = [];
    for (const ms of [-1, Number.NaN, 0]) clock.after(ms, () => came.push(clock.now()));
    clock.after(Number.POSITIVE_INFINITY, () => came.push(-1));
    await clock.advance(0);
    expect(came).toEqual([5, 5, 5]);
    expect(await clock.advanceToNext()).toBe(false);
  });

  test("promises - what a timer settles runs before the next timer comes", async () => {
    const clock = new VirtualClock(0);
    const came: string[] = [];
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
    const worker = (async () => {
      await sleep(10);
      await Promise.resolve();
      came.push("worker");
      await sleep(5);
      came.push(`worker at ${clock.now()}`);
    })();
    clock.after(11, () => came.push("timer"));
    await clock.advance(20);
    await worker;
    expect(came).toEqual(["worker", "timer", "worker at 15"]);
  });

  test("turns - run in order, promises between them, without the time going on", async () => {
    const clock = new VirtualClock(7);
    const came: string[] = [];
    clock.turn(() => {
      came.push("one");
      void Promise.resolve().then(() => came.push("promise"));
      clock.turn(() => came.push("three"));
    });
    clock.turn(() => came.push("two"));
    await clock.settle();
    expect(came).toEqual(["one", "promise", "two", "three"]);
    expect(clock.now()).toBe(7);
  });

  test("advance - refuses a second advance at the same time, and a time that is none", async () => {
    const clock = new VirtualClock(0);
    const first = clock.advance(10);
    await expect(clock.advance(1)).rejects.toThrow(/advanced already/);
    await first;
    await expect(clock.advance(-1)).rejects.toThrow(/expected milliseconds/);
    await expect(clock.advance(Number.NaN)).rejects.toThrow(/expected milliseconds/);
  });

  test("advance - passes on what a timer throws, and goes on afterwards", async () => {
    const clock = new VirtualClock(0);
    clock.after(1, () => {
      throw new Error("broken timer");
    });
    await expect(clock.advance(5)).rejects.toThrow("broken timer");
    await clock.advance(5);
    expect(clock.now()).toBe(6);
  });

  test("runUntil - jumps over the time in between until the promise settles", async () => {
    const clock = new VirtualClock(0);
    const day = 24 * 3_600_000;
    const done = new Promise<void>((resolve) => clock.after(day, resolve));
    clock.after(2 * day, () => {});
    await clock.runUntil(done);
    expect(clock.now()).toBe(day);
    await clock.runUntil(Promise.reject(new Error("a failure ends it too")));
    expect(clock.timers).toBe(1);
  });

  test("runUntil - does not jump while something outside is under way", async () => {
    const clock = new VirtualClock(0);
    let timedOut = false;
    clock.after(3_600_000, () => {
      timedOut = true;
    });
    let busy = true;
    const outside = new Promise<void>((resolve) => {
      setTimeout(() => {
        busy = false;
        resolve();
      }, 20);
    });
    await clock.runUntil(outside, () => busy);
    expect(timedOut).toBe(false);
  });

  test("runUntil - does not jump while a file is being written", async () => {
    const clock = new VirtualClock(0);
    let timedOut = false;
    clock.after(60_000, () => {
      timedOut = true;
    });
    const folder = await mkdtemp(join(tmpdir(), "arroyo-clock-"));
    try {
      const writing = (async () => {
        const file = await open(join(folder, "file"), "w");
        for (let round = 0; round < 20; round += 1) await file.write(new Uint8Array(1 << 20));
        await file.sync();
        await file.close();
      })();
      await clock.runUntil(writing);
      expect(timedOut).toBe(false);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
