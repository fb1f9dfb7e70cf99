import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { kernels as chosen } from "../src/reduction/chosen-kernels.ts";
import { Integration } from "../src/reduction/integration.ts";
import { javascriptKernels } from "../src/reduction/javascript-kernels.ts";
import { type PixelTable, pixelTable } from "../src/reduction/pixel-table.ts";
import { best } from "./best.ts";
import { pythonOfPeers } from "./python-of-peers.ts";
import type { Findings, Line, Row, Size } from "./row.ts";
import { ratios } from "./spread.ts";
import { section } from "./table.ts";

const ROWS = 2048;
const COLUMNS = 2048;
const PIXELS: number = ROWS * COLUMNS;
const BINS = 1000;
const SATURATED = 65_535;

/** Measures dark, flat and integration of frames of a detector, beside JavaScript and beside C. */
export const reduction: Row = { name: "reduction", measure };

interface Work {
  readonly counts: Uint16Array;
  readonly dark: Float32Array;
  readonly norm: Float32Array;
  readonly table: PixelTable;
  readonly split: PixelTable;
}

/** Makes counts as an X-ray detector has them, of which one in ten thousand is saturated. */
function work(): Work {
  const counts = new Uint16Array(PIXELS);
  const dark = new Float32Array(PIXELS);
  const norm = new Float32Array(PIXELS);
  let state = 1;
  for (let at = 0; at < PIXELS; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    counts[at] = state % 10_007 === 0 ? SATURATED : (state >>> 8) % 500;
    dark[at] = (state >>> 16) % 8;
    norm[at] = 0.75 + ((state >>> 12) % 512) / 1024;
  }
  const geometry = { distance: 1, poni1: 1024.3, poni2: 1023.6, rot1: 0, rot2: 0, rot3: 0, pixel1: 1, pixel2: 1 };
  const binning = { unit: "pixel", bins: BINS, range: [0, 1000] } as const;
  const masked = new Uint8Array(PIXELS);
  const tableOf = (split: "no" | "bbox"): PixelTable =>
    pixelTable(geometry, ROWS, COLUMNS, { ...binning, split }, masked);
  return { counts, dark, norm, table: tableOf("no"), split: tableOf("bbox") };
}

/** Does everything pixel by pixel, as one would write it first. */
function plainLoop({ counts, dark, norm, table }: Work): () => Float32Array {
  const sums = new Float64Array(BINS + 1);
  const norms = new Float64Array(BINS + 1);
  const curve = new Float32Array(BINS);
  const { bin } = table;
  return () => {
    sums.fill(0);
    norms.fill(0);
    for (let pixel = 0; pixel < counts.length; pixel += 1) {
      const count = counts[pixel] as number;
      if (count === SATURATED) continue;
      const one = bin[pixel] as number;
      sums[one] = (sums[one] as number) + count - (dark[pixel] as number);
      norms[one] = (norms[one] as number) + (norm[pixel] as number);
    }
    for (let one = 0; one < BINS; one += 1) curve[one] = (sums[one] as number) / (norms[one] as number);
    return curve;
  };
}

async function measure(size: Size): Promise<Findings> {
  const wasm = chosen();
  assert.equal(wasm.name, "wasm", "the kernels of WebAssembly are missing, or ARROYO_NO_WASM is set");
  const made = work();
  const { counts, dark, norm, table, split } = made;
  const integrated = (using: typeof wasm, over: PixelTable): (() => Float32Array) => {
    const integration = new Integration(using, over, { dark, norm }, false);
    const curve = new Float32Array(BINS);
    return () => {
      integration.integrate(counts, SATURATED, curve);
      return curve;
    };
  };
  const works = {
    WebAssembly: integrated(wasm, table),
    "JavaScript, the same sums": integrated(javascriptKernels, table),
    "JavaScript, plain loop": plainLoop(made),
    "split pixels, WebAssembly": integrated(wasm, split),
    "split pixels, JavaScript": integrated(javascriptKernels, split),
  };
  using native = new Native(made);
  const python = await pythonOfPeers().catch((error: unknown) => {
    size.say(`reduction: without pyFAI, for ${String(error)}`);
    return undefined;
  });
  const expected = native.run(1).curve;
  for (const [name, one] of Object.entries(works)) {
    if (!name.startsWith("split")) checkCurve(name, one(), expected);
  }
  checkCurve("split pixels", works["split pixels, WebAssembly"](), works["split pixels, JavaScript"]());
  const rates = Object.fromEntries(Object.keys(works).map((name) => [name, [] as number[]])) as Record<
    keyof typeof works,
    number[]
  >;
  const gcc = { plain: [] as number[], counting: [] as number[], listing: [] as number[] };
  const times = size.quick ? 1 : 20;
  const shared = shareOf(made, size.quick ? 10 : 300);
  const pyfai: number[] = [];
  const threads = { one: [] as number[], two: [] as number[] };
  for (let round = 0; round < size.rounds; round += 1) {
    for (const [name, one] of Object.entries(works)) rates[name as keyof typeof works].push(rate(best(one, times)));
    const { plainMs, countingMs, listingMs } = native.run(times);
    gcc.plain.push(rate(plainMs));
    gcc.counting.push(rate(countingMs));
    gcc.listing.push(rate(listingMs));
    if (python !== undefined) {
      const theirs = native.pyfai(python, size.quick ? 1 : 5);
      // Where a pixel lies on the edge of two bins, single precision puts it into the other one.
      checkCurve("pyFAI", theirs.curve, expected, 1e-2);
      pyfai.push(rate(theirs.ms));
    }
    threads.one.push(await inThreads(1, shared, expected));
    threads.two.push(await inThreads(2, shared, expected));
  }
  const lines: Line[] = [
    ...Object.entries(rates).map(([what, values]) => ({ what: `${what}, frames/s`, values })),
    { what: "gcc -O3 -march=native, plain loop, frames/s", values: gcc.plain },
    { what: "gcc -O3 -march=native, darks and norms once, frames/s", values: gcc.counting },
    { what: "gcc -O3 -march=native, the same lists, frames/s", values: gcc.listing },
    ...(python === undefined ? [] : [{ what: "pyFAI, CSR, one thread, frames/s", values: pyfai }]),
    { what: "WebAssembly in one thread beside the main one, frames/s", values: threads.one },
    { what: "WebAssembly in two threads, frames/s", values: threads.two },
    {
      what: "WebAssembly / the better JavaScript",
      values: ratios(rates.WebAssembly, larger(rates["JavaScript, plain loop"], rates["JavaScript, the same sums"])),
      target: { least: 2 },
    },
    {
      what: "WebAssembly / the best gcc",
      values: ratios(rates.WebAssembly, larger(gcc.plain, larger(gcc.counting, gcc.listing))),
      target: { least: 0.8 },
    },
    ...(python === undefined
      ? []
      : [{ what: "WebAssembly / pyFAI", values: ratios(rates.WebAssembly, pyfai), target: { least: 1 } }]),
    { what: "two threads / one", values: ratios(threads.two, threads.one), target: { least: 1.7 } },
    {
      what: "split pixels, WebAssembly / JavaScript",
      values: ratios(rates["split pixels, WebAssembly"], rates["split pixels, JavaScript"]),
    },
  ];
  return {
    title: "dark, flat and integration, frames of 4 million pixels of uint16",
    method:
      `Frames a second in one thread, ${BINS} bins, one pixel in 10 000 saturated. Every curve is compared with the one ` +
      "that C makes. The same sums: darks and norms are summed once, not for each frame. pyFAI does its whole " +
      `integrate1d, with dark, flat and the saturated value left out${python === undefined ? "; it could not be installed here" : ""}. ` +
      "Threads integrate frames of a memory that they share.",
    lines,
  };
}

/** Is the program in C, compiled for this machine, with its frame in a file. */
class Native implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "arroyojs-bench-"));

  constructor({ counts, dark, norm, table }: Work) {
    const source = fileURLToPath(new URL("programs/integrate.c", import.meta.url));
    execFileSync("gcc", ["-O3", "-march=native", source, "-o", join(this.#folder, "integrate")]);
    const parts = [Uint32Array.of(PIXELS, BINS), counts, Uint16Array.from(table.bin), dark, norm];
    const bytes = parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
    writeFileSync(join(this.#folder, "frame"), Buffer.concat(bytes));
  }

  run(rounds: number): { plainMs: number; countingMs: number; listingMs: number; curve: Float32Array } {
    const output = execFileSync(join(this.#folder, "integrate"), [join(this.#folder, "frame"), String(rounds)]);
    const [first = "", ...rest] = output.toString().trim().split("\n");
    const [plainMs = 0, countingMs = 0, listingMs = 0] = first.split(" ").map(Number);
    return { plainMs, countingMs, listingMs, curve: Float32Array.from(rest, Number) };
  }

  pyfai(python: string, rounds: number): { ms: number; curve: Float32Array } {
    const script = fileURLToPath(new URL("programs/integrate_pyfai.py", import.meta.url));
    const output = execFileSync(python, [script, join(this.#folder, "frame"), `${ROWS}`, `${BINS}`, `${rounds}`]);
    const [ms, ...rest] = output.toString().trim().split("\n").map(Number);
    return { ms: ms as number, curve: Float32Array.from(rest) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What a thread is given; frames and tables lie in shared memory. */
interface Share extends Pick<Work, "counts" | "dark" | "norm" | "table"> {
  readonly frames: number;
  readonly sentinel: number;
  /** 1 when all may begin. */
  readonly gate: Int32Array;
}

/** Puts what threads need into memory that all of them see. */
function shareOf({ counts, dark, norm, table }: Work, frames: number): Share {
  const share = <T extends Uint16Array | Uint32Array | Float32Array | Int32Array>(array: T): T => {
    const copy = new (array.constructor as new (buffer: SharedArrayBuffer) => T)(
      new SharedArrayBuffer(array.byteLength),
    );
    copy.set(array);
    return copy;
  };
  return {
    counts: share(counts),
    dark: share(dark),
    norm: share(norm),
    table: { ...table, bin: share(table.bin) },
    frames,
    sentinel: SATURATED,
    gate: share(new Int32Array(1)),
  };
}

/** Gives how many frames a second so many threads integrate together. */
async function inThreads(count: number, share: Share, expected: Float32Array): Promise<number> {
  Atomics.store(share.gate, 0, 0);
  const url = new URL("programs/integrate-worker.mjs", import.meta.url);
  const workers = Array.from({ length: count }, () => new Worker(url, { workerData: share }));
  try {
    await Promise.all(workers.map((worker) => once(worker, "message")));
    const ended = workers.map((worker) => once(worker, "message") as Promise<[Float32Array]>);
    const began = performance.now();
    Atomics.store(share.gate, 0, 1);
    Atomics.notify(share.gate, 0);
    const curves = await Promise.all(ended);
    const ms = performance.now() - began;
    for (const [curve] of curves) checkCurve(`${count} threads`, curve, expected);
    return (1000 * count * share.frames) / ms;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function checkCurve(name: string, curve: Float32Array, expected: Float32Array, tolerance = 1e-5): void {
  assert.equal(curve.length, expected.length);
  for (const [bin, value] of expected.entries()) {
    const apart = Math.abs((curve[bin] as number) - value);
    assert.ok(apart <= tolerance * Math.abs(value), `${name}: bin ${bin} is ${curve[bin]}, expected ${value}`);
  }
}

function larger(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, round) => Math.max(value, b[round] as number));
}

function rate(ms: number): number {
  return 1000 / ms;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const findings = await measure({ quick: false, rounds: 3, say: () => undefined });
  process.stdout.write(`${section(findings)}\n`);
}
