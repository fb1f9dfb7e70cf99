import { expect, test } from "vitest";
import { RejectedError } from "../../../src/errors.ts";
import type { Decoded } from "../../../src/message/codec.ts";
import { joined } from "../../../src/message/native/joined.ts";
import { originOf } from "../../../src/message/native/lazy-event.ts";
import { Start } from "../../../src/message/start.ts";
import { mutated } from "../../corpus/mutations.ts";
import { MUTATIONS, SEED, Seeded } from "../../corpus/seeded.ts";
import { everything, only, reader, visible, writer } from "./samples.ts";

/** Wire messages of every kind, in frames and in one body, with and without a topic. */
function wire(): readonly (readonly Uint8Array[])[] {
  const write = writer();
  const all = everything().flatMap((message) => [only(write(message)), only(write(message, { topic: "camera" }))]);
  write(new Start({ a: 1 }, { run: "open" }));
  const messages = [...all, ...write.again(), write.signOfLife() ?? []];
  return [...messages, ...messages.map((frames) => [joined(frames)])].map((frames) =>
    frames.map((frame) => new Uint8Array(frame)),
  );
}

/** Touches all that can be touched of a message, and sends it on. */
function use({ message, hop }: Decoded): void {
  visible(message);
  originOf(message);
  for (const part of [hop?.next, hop?.began])
    for (const next of part?.values() ?? []) expect(next).toBeGreaterThanOrEqual(0);
  if (message.type !== "event") return;
  const metadata = message.metadata as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(metadata)) expect(message.field(key)).toEqual(metadata[key]);
  visible(message.keep());
  message.with({ payload: Uint8Array.of(1) });
}

test(`${MUTATIONS} mutations of sound messages - are rejected, or are sound messages`, () => {
  const random = new Seeded(SEED);
  const sound = wire();
  const read = reader();
  const check = reader();
  let taken = 0;
  for (let i = 0; i < MUTATIONS; i += 1) {
    const frames = mutated(random.pick(sound), random);
    const write = writer();
    try {
      const decoded = read(frames);
      try {
        use(decoded);
        if (decoded.control === true) continue;
        const again = check(only(write(decoded.message))).message;
        expect(visible(again)).toEqual(visible(decoded.message));
        taken += 1;
      } catch (error) {
        const shown = frames.map((frame) => Buffer.from(frame).toString("hex"));
        throw new Error(`mutation ${i} of seed ${SEED}: ${shown.join(" ")}`, { cause: error });
      }
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      expect(error.reason).toMatch(/^[^\n]{1,400}$/);
    }
  }
  // Neither all nor nothing: both ways were tried.
  expect(taken).toBeGreaterThan(MUTATIONS / 100);
  expect(taken).toBeLessThan(MUTATIONS);
});
