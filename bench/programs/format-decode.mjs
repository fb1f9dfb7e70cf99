// Reads the messages of one format again and again: the time of each, and what it allocates.
import assert from "node:assert/strict";
import { PerformanceObserver } from "node:perf_hooks";
import { setImmediate, setTimeout } from "node:timers/promises";
import { Event, NdArray, Start } from "arroyojs";
import { RingImages } from "../../dist/cli/simulating/ring-images.js";
import { SYSTEMS } from "../../dist/cli/simulating/systems.js";
import { loadCodec } from "../../dist/config/registry.js";
import { DEFAULT_LIMITS } from "../../dist/message/limits.js";
import { options, say } from "./talk.mjs";

const { format, seconds } = options;
const SHAPE = [512, 512];
const EVENTS = 16;
const PULSE = 1000;

const { made, codecOptions } = format === "ess" ? pulses() : frames();
const codec = await loadCodec(format, codecOptions);
const write = codec.writer({ stream: format });
const wire = made.flatMap((message) => write(message));
const bytes = wire.at(-1).reduce((sum, frame) => sum + frame.length, 0);

/** Reads everything from the beginning, as a new listener does; gives the events. */
function readAll(touch) {
  const read = codec.reader({ ...DEFAULT_LIMITS, maxFrames: 1024 });
  const events = [];
  for (const one of wire) {
    for (const { message } of read(one)) {
      // A format may have documents of its own between the frames.
      if (message.type !== "event" || !(message.payload instanceof NdArray)) continue;
      if (touch) message.payload.data;
      events.push(message);
    }
  }
  return events;
}

check(readAll(true));
say("done", {
  bytes,
  us: time(false),
  touchedUs: time(true),
  allocated: await allocated(false),
  touchedAllocated: await allocated(true),
});
process.disconnect();

function frames() {
  const one = SYSTEMS[format];
  const images = new RingImages({ shape: SHAPE, dtype: one.dtype, seed: 1 });
  const scene = { shape: SHAPE, dtype: one.dtype, frames: EVENTS, rate: 100, answer: images.answer, run: 1 };
  const run = one.runsAreNumbers ? "1" : "run";
  const events = Array.from({ length: EVENTS }, (_, number) => {
    const image = images.image(number);
    const metadata = one.event({ scene, number, image });
    return new Event(metadata, one.payload?.(image) ?? image, { run, timeMs: 1.7e12 + number });
  });
  return { made: [new Start(one.start(scene), { run }), ...events], codecOptions: one.options ?? {} };
}

function pulses() {
  const made = Array.from({ length: EVENTS }, (_, pulse) => {
    const pixels = Int32Array.from({ length: PULSE }, (_, at) => 1 + ((at * 7919 + pulse) % 10_000));
    const times = Int32Array.from({ length: PULSE }, (_, at) => at * 71_000);
    const metadata = {
      schema: "ev44",
      source_name: "detector",
      message_id: BigInt(pulse),
      time_of_flight: { $payload: "msgpack-numpy" },
      pixel_id: new NdArray(pixels),
    };
    return new Event(metadata, new NdArray(times), { timeMs: 1.7e12 + pulse * 71 });
  });
  return { made, codecOptions: {} };
}

function check(events) {
  const expected = made.filter(({ type }) => type === "event").map(({ payload }) => payload);
  assert.equal(events.length, EVENTS);
  for (const [index, { payload }] of events.entries()) {
    assert.deepEqual(payload.shape, expected[index].shape);
    assert.deepEqual(payload.data, expected[index].data);
  }
}

/** Gives the median of many readings in µs for one event. */
function time(touch) {
  const until = performance.now() + 1000 * seconds;
  const all = [];
  while (performance.now() < until || all.length < 20) {
    const began = performance.now();
    readAll(touch);
    all.push(performance.now() - began);
  }
  all.sort((one, other) => one - other);
  return (1000 * all[all.length >> 1]) / EVENTS;
}

/** Collects until nothing is left that is freed later. */
async function swept() {
  for (let before = Number.POSITIVE_INFINITY, now = 0; now !== before; ) {
    before = now;
    globalThis.gc();
    await setTimeout(20);
    now = process.memoryUsage().arrayBuffers;
  }
}

/** Gives the bytes that one event allocates, in the heap and beside it; a collection in between would hide some. */
async function allocated(touch) {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ["gc"] });
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await swept();
    collections = 0;
    const before = process.memoryUsage();
    readAll(touch);
    const after = process.memoryUsage();
    await setImmediate();
    await setImmediate();
    if (collections > 0) continue;
    observer.disconnect();
    return (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / EVENTS;
  }
  throw new Error("the collector never left us alone");
}
