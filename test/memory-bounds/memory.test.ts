import { Event, nativeCodec } from "arroyojs";
import { expect, test } from "vitest";
import { Push } from "zeromq";
import { Child } from "../process/child.ts";
import { Places } from "../transports/zmq/places.ts";
import { BOUNDS, type MemoryWord, PAYLOAD_BYTES, READ_BYTES } from "./programs/agreed.ts";

const program = new URL("programs/bounded.ts", import.meta.url);
const MIB = 2 ** 20;
/** What V8 keeps before it collects, what libzmq and the allocator keep: whatever the bounds are. */
const CONSTANT_BYTES = 96 * MIB;
/** So much goes through: if it stayed, or pinned what it came in, no bound would hold. */
const STREAM_BYTES = (process.env["ARROYO_LONG"] === "1" ? 8_192 : 1_024) * MIB;

function start(kind: string, argument: string): Child<MemoryWord> {
  return new Child<MemoryWord>(program, { flags: ["--expose-gc"], args: [kind, argument] });
}

/** Gives what a process says of its memory, asked or at its end. */
async function memoryOf(child: Child<MemoryWord>): Promise<MemoryWord> {
  await child.until(() => child.words.length > 0, "its memory", 120_000);
  return child.words.at(-1) as MemoryWord;
}

function expectWithin({ before, peak }: MemoryWord, bounds: number): void {
  const figures = `${Math.round((peak - before) / MIB)} MiB more at the most, for bounds of ${bounds / MIB} MiB`;
  expect(peak - before, figures).toBeLessThan(2 * bounds + CONSTANT_BYTES);
}

test("memory - a required publisher that stalls stops the intake within the bounds", async () => {
  await using places = new Places();
  const address = await places.free("ipc");
  const push = new Push({ linger: 0, sendHighWaterMark: 100 });
  await push.bind(address);
  await using child = start("required", address);
  const write = nativeCodec.writer({ stream: "camera" });
  const payload = new Uint8Array(PAYLOAD_BYTES);
  let sent = 0;
  for (let id = 0, isFull = false; !isFull && sent < STREAM_BYTES; id += 1) {
    const frames = write(new Event({ id }, payload))[0] as Uint8Array[];
    // Nobody takes anything any more when there is no room for so long.
    push.sendTimeout = id < 100 ? -1 : 1_000;
    await push.send(frames).catch(() => {
      isFull = true;
    });
    sent += PAYLOAD_BYTES;
  }
  child.order("measure");
  const memory = await memoryOf(child);
  push.close();
  expect(sent).toBeLessThan(STREAM_BYTES / 4);
  expect(memory.received).toBeGreaterThan(10_000);
  expectWithin(memory, BOUNDS.queue + BOUNDS.outlet + BOUNDS.socket);
});

for (const [kind, title, bounds] of [
  ["best effort", "a best-effort publisher that stalls keeps copies, not the reads that they came in", BOUNDS.outlet],
  ["keep", "an operator that keeps a message of each read by keep() keeps no reads", 4_000 * PAYLOAD_BYTES],
  ["hold", "an operator that holds a message of each read is asked to let go when the reads fill the bound", 0],
] as const) {
  test(`memory - ${title}`, async () => {
    await using child = start(kind, String(STREAM_BYTES));
    const memory = await memoryOf(child);
    expect(await child.end()).toMatchObject({ signal: null });
    expect(memory.received).toBeGreaterThan((STREAM_BYTES / READ_BYTES) * 50);
    expectWithin(memory, BOUNDS.queue + bounds);
  });
}
