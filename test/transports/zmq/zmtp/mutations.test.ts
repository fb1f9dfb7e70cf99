import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { dice, mutated } from "./mutation.ts";
import { PeerAlone } from "./peer-alone.ts";
import { conversation } from "./wire.ts";

const COUNT = process.env["ARROYO_LONG"] === "1" ? 100_000 : 10_000;
const SEED = Number(process.env["ARROYO_SEED"] ?? 1);
const MAX_BYTES = 200_000;

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
