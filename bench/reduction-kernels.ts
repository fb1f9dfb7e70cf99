import assert from "node:assert/strict";
import { kernels as chosen } from "../src/reduction/chosen-kernels.ts";
import { javascriptKernels } from "../src/reduction/javascript-kernels.ts";
import type { Kernels } from "../src/reduction/kernels.ts";
import type { Findings, Row, Size } from "./row.ts";
import { ratios } from "./spread.ts";

const PIXELS: number = 2048 * 2048;
const SATURATED = 65_535;
const THRESHOLD = 480;

/** Measures the kernels of hit finding and of statistics, beside the JavaScript that takes their place. */
export const reductionKernels: Row = { name: "reduction-kernels", measure };

type Work = (frame: Uint16Array) => Float32Array | number;

async function measure(size: Size): Promise<Findings> {
  const wasm = chosen();
  assert.equal(wasm.name, "wasm", "the kernels of WebAssembly are missing, or ARROYO_NO_WASM is set");
  const frames = [1, 2, 3, 4].map(frame);
  const mask = new Uint8Array(PIXELS).map((_, pixel) => (pixel % 1000 === 0 ? 1 : 0));
  const works: Readonly<Record<string, (using: Kernels) => Work>> = {
    "hits, masked": (using) => {
      const selecting = using.selecting(mask);
      return (one) => selecting.count(one, THRESHOLD, SATURATED);
    },
    "mean and variance of each pixel": (using) => {
      const moments = using.moments(PIXELS, ["mean", "variance"], undefined);
      return (one) => {
        moments.add(one, SATURATED);
        return 0;
      };
    },
    "least and most of each pixel": (using) => {
      const moments = using.moments(PIXELS, ["min", "max"], undefined);
      return (one) => {
        moments.add(one, SATURATED);
        return 0;
      };
    },
  };
  checkMoments(wasm, frames);
  const lines = [];
  const times = size.quick ? 2 : 40;
  for (const [name, make] of Object.entries(works)) {
    const [ours, theirs] = [make(wasm), make(javascriptKernels)];
    for (const one of frames) assert.equal(ours(one), theirs(one), name);
    const rates = { wasm: [] as number[], javascript: [] as number[] };
    for (let round = 0; round < size.rounds; round += 1) {
      rates.wasm.push(rate(ours, frames, times));
      rates.javascript.push(rate(theirs, frames, times));
    }
    lines.push(
      { what: `${name}, WebAssembly, frames/s`, values: rates.wasm },
      { what: `${name}, JavaScript, frames/s`, values: rates.javascript },
      { what: `${name}, WebAssembly / JavaScript`, values: ratios(rates.wasm, rates.javascript) },
    );
  }
  return {
    title: "hits and statistics, frames of 4 million pixels of uint16",
    method:
      "Frames a second in one thread; one pixel in 10 000 saturated. Hits: pixels above a threshold are counted, of which " +
      "there are some percent. Statistics are kept in float64, so that memory is the limit: a frame reads and writes 160 MB " +
      "for mean and variance. Results are compared with those of JavaScript. For information.",
    lines,
  };
}

function checkMoments(wasm: Kernels, frames: readonly Uint16Array[]): void {
  const statistics = ["mean", "variance", "min", "max"] as const;
  const [ours, theirs] = [wasm, javascriptKernels].map((using) => using.moments(PIXELS, statistics, undefined));
  const [target, expected] = [new Float32Array(PIXELS), new Float32Array(PIXELS)];
  for (const one of frames) {
    ours?.add(one, SATURATED);
    theirs?.add(one, SATURATED);
  }
  for (const statistic of statistics) {
    ours?.write(statistic, target);
    theirs?.write(statistic, expected);
    assert.ok(Buffer.from(target.buffer).equals(Buffer.from(expected.buffer)), `${statistic} differs`);
  }
}

/** Makes counts as an X-ray detector has them. */
function frame(seed: number): Uint16Array {
  const counts = new Uint16Array(PIXELS);
  let state = seed;
  for (let at = 0; at < PIXELS; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    counts[at] = state % 10_007 === 0 ? SATURATED : (state >>> 8) % 500;
  }
  return counts;
}

function rate(work: Work, frames: readonly Uint16Array[], times: number): number {
  const began = performance.now();
  for (let time = 0; time < times; time += 1) work(frames[time % frames.length] as Uint16Array);
  return (1000 * times) / (performance.now() - began);
}
