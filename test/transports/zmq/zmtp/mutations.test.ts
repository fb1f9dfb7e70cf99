import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { PeerAlone } from "./peer-alone.ts";
import { conversation } from "./wire.ts";

const COUNT = process.env["ARROYO_LONG"] === "1" ? 100_000 : 10_000;
const SEED = Number(process.env["ARROYO_SEED"] ?? 1);
const MAX_BYTES = 200_000;

/** Gives whole numbers below a bound, always the same ones (xorshift). */
function dice(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Changes bytes, heads above all; repeats, leaves out and cuts. */
function mutated(bytes: Buffer, roll: (below: number) => number): Buffer {
  let result = Buffer.from(bytes);
  for (let changes = 1 + roll(4); changes > 0; changes -= 1) {
    const [one, other] = [roll(result.length), roll(result.length)].sort((a, b) => a - b) as [number, number];
    // Most of the bytes are one large frame; what matters is before and after it.
    const at = roll(2) === 0 ? roll(Math.min(1800, result.length)) : one;
    const kind = roll(6);
    if (kind < 3) result[at] = kind === 0 ? roll(256) : (result[at] as number) ^ (1 << roll(8));
    else if (kind === 3) result = Buffer.concat([result.subarray(0, one), result.subarray(other)]);
    else if (kind === 4) result = Buffer.concat([result.subarray(0, other), result.subarray(one)]);
    else result = result.subarray(0, Math.max(1, other));
    if (result.length === 0) return Buffer.from(bytes);
  }
  return result.subarray(0, 400_000);
}

test(`mutated conversations - ${COUNT} of them break nothing`, async () => {
  const roll = dice(SEED);
  const [pushes, subscribes] = [conversation("PUSH"), conversation("SUB")];
  let refused = 0;
  for (let index = 0; index < COUNT; index += 1) {
    // What ended connections leave behind is let go in a later turn.
    if (index % 100 === 0) await setImmediate();
    const isPull = roll(2) === 0;
    const bytes = mutated(isPull ? pushes : subscribes, roll);
    const what = `seed ${SEED}, conversation ${index}`;
    let stops = 0;
    const takes = (): boolean => roll(10) > 0 || stops++ > 100;
    using alone = new PeerAlone({ type: isPull ? "PULL" : "XPUB", maxMessageBytes: MAX_BYTES, takes });
    alone.read(bytes, 1 + roll(80_000));
    for (let round = 0; round < 200; round += 1) alone.peer.resume();
    expect(alone.closings.length, what).toBeLessThan(2);
    refused += alone.closings.length;
    for (const frames of alone.messages) {
      const sum = frames.reduce((total, frame) => total + frame.length, 0);
      if (sum > MAX_BYTES || frames.length > 64) throw new Error(`${what}: ${frames.length} frames, ${sum} bytes`);
    }
    // No answer is longer than what was asked.
    expect(alone.bytesWritten.length, what).toBeLessThan(1000);
  }
  expect(refused).toBeGreaterThan(COUNT / 10);
  expect(refused).toBeLessThan(COUNT);
}, 600_000);
