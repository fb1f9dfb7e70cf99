import { expect, test } from "vitest";
import { Admission } from "../../src/listener/admission.ts";
import { Attention } from "../../src/listener/attention.ts";
import { BoundedQueue } from "../../src/queue/bounded-queue.ts";
import { Delivery } from "../../src/queue/delivery.ts";
import { Timings } from "../../src/queue/timings.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import { event } from "./inlet-subject.ts";

/** As many as are put in one go before the operator is to have its turn. */
const BREATH = 128;
const TRACKER = { startWaitMs: 1000, abandonAfterMs: 1000 } as ConstructorParameters<typeof Attention>[1];

/** Puts into a queue of which everything is taken by hand. */
function admitting(maxMessages = 10_000) {
  const clock = new VirtualClock();
  const bounds = { overflow: "block", maxMessages, maxBytes: 1_000_000 } as const;
  const queue = new BoundedQueue<Delivery>(
    bounds,
    () => undefined,
    () => undefined,
  );
  const attention = new Attention(clock, TRACKER, () => undefined);
  const admission = new Admission({ queue, clock, timings: new Timings() }, attention);
  const put = (): Promise<void> | undefined =>
    admission.put(new Delivery({ settled: () => undefined }, event(1), undefined, undefined, 1));
  /** Puts as many as are taken in one go; gives the wait that is asked for with the last of them. */
  const putMany = (): { over: boolean } => {
    for (let left = BREATH; left > 1; left -= 1) expect(put()).toBeUndefined();
    const state = { over: false };
    void put()?.then(() => {
      state.over = true;
    });
    return state;
  };
  return { clock, queue, putMany, put };
}

const promises = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await undefined;
};

test("an operator that took everything - the listener goes on at once", async () => {
  const { queue, putMany } = admitting();
  const wait = putMany();
  for (const taken of queue.drain()) queue.settle(taken);
  await promises();
  expect(wait.over).toBe(true);
});

test("an operator that takes one after the other, without waiting - the listener goes on when it has them all", async () => {
  const { queue, putMany } = admitting();
  const wait = putMany();
  while (queue.queued > 0) {
    expect(wait.over).toBe(false);
    queue.shift();
    await promises();
  }
  expect(wait.over).toBe(true);
});

test("an operator that waits for something - the listener goes on in the next turn", async () => {
  const { clock, putMany } = admitting();
  const wait = putMany();
  await promises();
  expect(wait.over).toBe(false);
  await clock.settle();
  expect(wait.over).toBe(true);
});

test("a wait for room - begins the count anew", async () => {
  const { queue, put } = admitting(2);
  expect([put(), put()]).toEqual([undefined, undefined]);
  const wait = put();
  expect(wait).toBeDefined();
  queue.shift();
  await wait;
  for (let left = BREATH - 1; left > 0; left -= 1) {
    queue.shift();
    expect(put()).toBeUndefined();
  }
});
