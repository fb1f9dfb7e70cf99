import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { kernels as chosen } from "../src/reduction/chosen-kernels.ts";
import { Integration } from "../src/reduction/integration.ts";
import { javascriptKernels } from "../src/reduction/javascript-kernels.ts";
import { type PixelTable, pixelTable } from "../src/reduction/pixel-table.ts";
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
  const expected = native.run(1).curve;
  for (const [name, one] of Object.entries(works)) {
    if (!name.startsWith("split")) checkCurve(name, one(), expected);
  }
  checkCurve("split pixels", works["split pixels, WebAssembly"](), works["split pixels, JavaScript"]());
  const rates = Object.fromEntries(Object.keys(works).map((name) => [name, [] as number[]])) as Record<
    keyof typeof works,
    number[]
  >;
  const gcc = { plain: [] as number[], counting: [] as number[] };
  const times = size.quick ? 1 : 20;
  for (let round = 0; round < size.rounds; round += 1) {
    for (const [name, one] of Object.entries(works)) rates[name as keyof typeof works].push(rate(best(one, times)));
    const { plainMs, countingMs } = native.run(times);
    gcc.plain.push(rate(plainMs));
    gcc.counting.push(rate(countingMs));
  }
  const lines: Line[] = [
    ...Object.entries(rates).map(([what, values]) => ({ what: `${what}, frames/s`, values })),
    { what: "gcc -O3 -march=native, plain loop, frames/s", values: gcc.plain },
    { what: "gcc -O3 -march=native, the same sums, frames/s", values: gcc.counting },
    {
      what: "WebAssembly / the better JavaScript",
      values: ratios(rates.WebAssembly, larger(rates["JavaScript, plain loop"], rates["JavaScript, the same sums"])),
      target: { least: 2 },
    },
    {
      what: "WebAssembly / the better gcc",
      values: ratios(rates.WebAssembly, larger(gcc.plain, gcc.counting)),
      target: { least: 0.8 },
    },
    {
      what: "split pixels, WebAssembly / JavaScript",
      values: ratios(rates["split pixels, WebAssembly"], rates["split pixels, JavaScript"]),
    },
  ];
  return {
    title: "dark, flat and integration, frames of 4 million pixels of uint16",
    method:
      `Frames a second in one thread, ${BINS} bins, one pixel in 10 000 saturated. Every curve is compared with the one ` +
      "that C makes. The same sums: darks and norms are summed once, not for each frame.",
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

  run(rounds: number): { plainMs: number; countingMs: number; curve: Float32Array } {
    const output = execFileSync(join(this.#folder, "integrate"), [join(this.#folder, "frame"), String(rounds)]);
    const [first = "", ...rest] = output.toString().trim().split("\n");
    const [plainMs = 0, countingMs = 0] = first.split(" ").map(Number);
    return { plainMs, countingMs, curve: Float32Array.from(rest, Number) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function checkCurve(name: string, curve: Float32Array, expected: Float32Array): void {
  assert.equal(curve.length, expected.length);
  for (const [bin, value] of expected.entries()) {
    const apart = Math.abs((curve[bin] as number) - value);
    assert.ok(apart <= 1e-5 * Math.abs(value), `${name}: bin ${bin} is ${curve[bin]}, expected ${value}`);
  }
}

function larger(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, round) => Math.max(value, b[round] as number));
}

function rate(ms: number): number {
  return 1000 / ms;
}

/** Gives the shortest of several times in ms: what else runs on the machine only makes it longer. */
function best(work: () => unknown, times: number): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time += 1) {
    const before = performance.now();
    work();
    shortest = Math.min(shortest, performance.now() - before);
  }
  return shortest;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const findings = await measure({ quick: false, rounds: 3, say: () => undefined });
  process.stdout.write(`${section(findings)}\n`);
}
