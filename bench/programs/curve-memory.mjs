// Threads that decompress and integrate frames of a memory that they share, with nothing around it.
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Event, NdArray } from "arroyojs";
import { compress, decompressInto } from "../../dist/compression/index.js";
import { detectorFrames, EDGE, integrator, nameOf } from "./detector-frames.mjs";
import { options, say } from "./talk.mjs";

const WAY = { name: "bslz4", elementSize: 4, framing: "framed" };

if (isMainThread) await measure(options);
else work(workerData);

async function measure({ threads, events, warmUp }) {
  const images = detectorFrames();
  const integrate = integrator();
  const expected = images.map((image) => nameOf(integrate(new Event({}, image))));
  const packed = images.map(({ data }) => shared(compress(WAY, new Uint8Array(data.buffer))));
  // The next frame, then the gate: 1 when all may begin.
  const turns = new Int32Array(new SharedArrayBuffer(8));
  const share = { packed, turns, expected, events, warmUp };
  const workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url), { workerData: share }));
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const ended = workers.map((worker) => once(worker, "message"));
  const began = performance.now();
  const before = process.cpuUsage();
  Atomics.store(turns, 1, 1);
  Atomics.notify(turns, 1);
  await Promise.all(ended);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  say("done", { perSecond: events / seconds, cpuMs: (user + system) / 1000 / events });
  process.disconnect();
}

function work({ packed, turns, expected, events, warmUp }) {
  const target = new Uint32Array(EDGE * EDGE);
  const bytes = new Uint8Array(target.buffer);
  const image = new NdArray(target, [EDGE, EDGE]);
  const integrate = integrator();
  const curve = (index) => {
    decompressInto(WAY, packed[index], bytes);
    return integrate(new Event({}, image));
  };
  for (let index = 0; index < warmUp; index += 1) curve(index % packed.length);
  parentPort.postMessage("ready");
  Atomics.wait(turns, 1, 0);
  for (let index = Atomics.add(turns, 0, 1); index < events; index = Atomics.add(turns, 0, 1)) {
    const which = index % packed.length;
    if (nameOf(curve(which)) !== expected[which]) throw new Error(`expected the curve of frame ${which}`);
  }
  parentPort.postMessage("ended");
}

function shared(bytes) {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
