import { Event } from "arroyojs";
import { describe, expect, test } from "vitest";
import { Keeping } from "../../../src/operator/threads/keeping.ts";
import { Slots } from "../../../src/operator/threads/slots.ts";

describe("slots", () => {
  test("reuse - a slot that was given back is taken again, and the other thread learns it once", () => {
    const slots = new Slots(2);
    const one = slots.take(100_000);
    expect(slots.news(one)).toEqual({ learn: one });
    slots.giveBack(one);
    const again = slots.take(90_000);
    expect(again).toBe(one);
    expect(slots.news(again)).toEqual({});
  });

  test("choice - the smallest that is large enough", () => {
    const slots = new Slots(3);
    const [large, small] = [slots.take(1_000_000), slots.take(5_000)];
    slots.giveBack(large);
    slots.giveBack(small);
    expect(slots.take(4_000)).toBe(small);
    expect(slots.take(4_000)).toBe(large);
  });

  test("bound - no more are kept free than were asked for, the smallest go, and the other thread forgets them", () => {
    const slots = new Slots(2);
    const taken = [1_000, 70_000, 200_000].map((bytes) => slots.take(bytes));
    for (const slot of taken) slots.news(slot);
    for (const slot of taken) slots.giveBack(slot);
    expect(slots).toMatchObject({ used: 0, free: 2 });
    const next = slots.take(100_000);
    expect(next).toBe(taken[1]);
    expect(slots.news(next)).toEqual({ forget: [taken[0]?.id] });
  });

  test("a slot that a result keeps - is never used again", () => {
    const slots = new Slots(2);
    const slot = slots.take(1);
    slots.news(slot);
    expect(slots.giveAway(slot.id)).toBe(slot.memory);
    expect(slots.giveAway(slot.id)).toBeUndefined();
    slots.giveBack(slot);
    expect(slots).toMatchObject({ used: 0, free: 0 });
    const next = slots.take(1);
    expect(next).not.toBe(slot);
    expect(slots.news(next)).toEqual({ learn: next, forget: [slot.id] });
  });

  test("a new life - learns everything anew", () => {
    const slots = new Slots(2);
    const slot = slots.take(1);
    slots.news(slot);
    slots.giveBack(slot);
    const used = slots.take(1);
    slots.news(used);
    slots.clear();
    slots.giveBack(used);
    expect(slots).toMatchObject({ used: 0, free: 0 });
  });
});

describe("what a thread holds", () => {
  const held = (run: string) => new Event({}, new Uint8Array(1), { run });

  test("released - of one run or of all; the slots can be used again", () => {
    const slots = new Slots(4);
    const keeping = new Keeping(slots);
    for (const run of ["a", "b", "a"]) keeping.add({ message: held(run), stream: "s", slot: slots.take(1) });
    keeping.release({ message: held("a"), stream: "s" });
    expect(keeping.messages).toHaveLength(1);
    expect(slots).toMatchObject({ used: 1, free: 2 });
    keeping.release({ message: held("b"), stream: "another" });
    expect(slots.used).toBe(1);
    keeping.release();
    expect(slots).toMatchObject({ used: 0, free: 3 });
  });

  test("forgotten - the slots of the run are never used again", () => {
    const slots = new Slots(4);
    const keeping = new Keeping(slots);
    keeping.add({ message: held("a"), stream: "s", slot: slots.take(1) });
    keeping.forget({ message: held("a"), stream: "s" });
    expect(keeping.messages).toHaveLength(0);
    expect(slots).toMatchObject({ used: 0, free: 0 });
  });
});
