// One of the threads of bench/reduction.ts: integrates the same frame again and again when it is told to begin.
import { parentPort, workerData } from "node:worker_threads";
import { register } from "tsx/esm/api";

register();
const { kernels } = await import("../../src/reduction/chosen-kernels.ts");
const { Integration } = await import("../../src/reduction/integration.ts");

const { counts, dark, norm, table, frames, sentinel, gate } = workerData;
const integration = new Integration(kernels(), table, { dark, norm }, false);
const curve = new Float32Array(table.bins);
for (let frame = 0; frame < 5; frame += 1) integration.integrate(counts, sentinel, curve);
parentPort.postMessage("ready");
Atomics.wait(gate, 0, 0);
for (let frame = 0; frame < frames; frame += 1) integration.integrate(counts, sentinel, curve);
parentPort.postMessage(curve);
