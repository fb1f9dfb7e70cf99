import { expect, test } from "vitest";
import { Holding, loanOf } from "../../../../src/transports/zmq/lent-memory.ts";
import { FramePool } from "../../../../src/transports/zmq/zmtp/frame-pool.ts";

const MB = 1024 * 1024;

function frame(pool: FramePool, length: number): Uint8Array {
  const memory = pool.used(length) ?? pool.fresh(length);
  if (memory === undefined) throw new Error("lends nothing");
  return new Uint8Array(memory, 0, length);
}

/** Lends a frame out and gives it back. */
function usedUp(pool: FramePool, length: number): Uint8Array {
  const lent = frame(pool, length);
  const given = pool.lend([lent]);
  given?.came();
  given?.ack();
  return lent;
}

test("what was given back - is used again, also for a length near to it", () => {
  const pool = new FramePool();
  const first = usedUp(pool, 100_000);
  expect(usedUp(pool, 100_000).buffer).toBe(first.buffer);
  expect(frame(pool, 99_000).buffer).toBe(first.buffer);
  expect(frame(pool, 100_000).buffer).not.toBe(first.buffer);
});

test("lengths - are rounded up by a sixteenth at most", () => {
  for (let length = 32_768; length < 200 * MB; length = Math.ceil(length * 1.37)) {
    const { byteLength } = new FramePool().fresh(length) as SharedArrayBuffer;
    expect(byteLength).toBeGreaterThanOrEqual(length);
    expect(byteLength).toBeLessThanOrEqual(length * (17 / 16));
  }
});

test("what waits to be used again - is bounded, and lengths that nobody asks for any more go first", () => {
  const pool = new FramePool();
  const many = Array.from({ length: 10 }, () => frame(pool, 8 * MB));
  for (const one of many) {
    const given = pool.lend([one]);
    given?.came();
    given?.nack();
  }
  const waiting = Array.from({ length: 10 }, () => pool.used(8 * MB)).filter((memory) => memory !== undefined);
  expect(waiting.length).toBe(8);
  usedUp(pool, 60 * MB);
  usedUp(pool, 8 * MB);
  expect(pool.used(60 * MB)).toBeUndefined();
  expect(pool.used(8 * MB)).toBeDefined();
});

test("settled before it was handed over - does not come back, and less is lent", () => {
  const pool = new FramePool();
  const early = pool.lend([frame(pool, 50_000)]);
  early?.ack();
  early?.came();
  early?.ack();
  expect(pool.used(50_000)).toBeUndefined();
  const fresh = Array.from({ length: 1001 }, () => pool.fresh(50_000));
  expect(fresh.map((memory) => memory !== undefined)).toEqual([...Array(1000).fill(false), true]);
});

test("all that is lent - is bounded, also what never comes back", () => {
  const pool = new FramePool();
  const lent = Array.from({ length: 10 }, () => pool.fresh(60 * MB));
  expect(lent.filter((memory) => memory !== undefined).length).toBe(4);
});

test("settled twice - comes back once", () => {
  const pool = new FramePool();
  const twice = pool.lend([frame(pool, 50_000)]);
  twice?.came();
  twice?.ack();
  twice?.nack();
  expect(pool.used(50_000)).toBeDefined();
  expect(pool.used(50_000)).toBeUndefined();
});

test("writers - hold it until the last of them is done", () => {
  const pool = new FramePool();
  const lent = frame(pool, 50_000);
  const given = pool.lend([lent]);
  given?.came();
  const loan = loanOf(lent);
  if (loan === undefined) throw new Error("is not lent");
  loan.hold();
  const holding = new Holding([loan]);
  holding.begin();
  holding.begin();
  given?.ack();
  holding.end();
  expect(pool.used(50_000)).toBeUndefined();
  holding.end();
  expect(loanOf(lent)).toBeUndefined();
  expect(pool.used(50_000)).toBe(lent.buffer);
});

test("rest - what nobody asked for since the last one goes", () => {
  const pool = new FramePool();
  usedUp(pool, 100_000);
  pool.rest();
  expect(pool.used(100_000)).toBeDefined();
  usedUp(pool, 200_000);
  pool.rest();
  pool.rest();
  expect(pool.used(200_000)).toBeUndefined();
});
