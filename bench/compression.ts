import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { kernels as chosen, compress, decompressInto, type ElementSize } from "../src/compression/index.ts";
import { javascriptKernels } from "../src/compression/javascript-kernels.ts";
import type { Kernels } from "../src/compression/kernels.ts";
import { best } from "./best.ts";
import { pythonOfPeers } from "./python-of-peers.ts";
import type { Findings, Line, Row, Size } from "./row.ts";
import { ratios } from "./spread.ts";
import { section } from "./table.ts";

const ROWS = 2048;
const COLUMNS = 2048;
const MEGABYTE = 1e6;

/** Measures bitshuffle and LZ4 on frames of a detector: WebAssembly beside the JavaScript that takes its place. */
export const compression: Row = { name: "compression", measure };

/** Makes counts as an X-ray detector has them: a few photons, rings, dead pixels at the largest value. */
function frame(elementSize: 2 | 4): Uint8Array {
  const masked = 2 ** (8 * elementSize) - 1;
  const counts = elementSize === 2 ? new Uint16Array(ROWS * COLUMNS) : new Uint32Array(ROWS * COLUMNS);
  let state = 1;
  for (let at = 0; at < counts.length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const radius = Math.hypot((at % COLUMNS) - COLUMNS / 2, Math.floor(at / COLUMNS) - ROWS / 2);
    const expected = 2 + 30 * Math.exp(-(((radius % 200) - 100) ** 2) / 50);
    const noise = ((state >>> 8) / 2 ** 24 + (state & 255) / 256 - 1) * Math.sqrt(expected) * 2;
    counts[at] = state % 10_007 === 0 ? masked : Math.max(0, Math.round(expected + noise));
  }
  return new Uint8Array(counts.buffer);
}

async function measure(size: Size): Promise<Findings> {
  const wasm = chosen();
  assert.equal(wasm.name, "wasm", "the kernels of WebAssembly are missing, or ARROYO_NO_WASM is set");
  const python = await pythonOfPeers().catch((error: unknown) => {
    size.say(`compression: without the C library, for ${String(error)}`);
    return undefined;
  });
  const lines: Line[] = [];
  const library: string[] = [];
  for (const elementSize of [4, 2] as const) lines.push(...measured(size, wasm, elementSize, python, library));
  const theirs =
    python === undefined
      ? " The C library was not measured: its Python package could not be installed here."
      : ` Beside them the C library, by its Python package bitshuffle in one thread, which uses ${library[0]} ` +
        "here; it keeps the memory that it decodes into too.";
  return {
    title: "bitshuffle and LZ4, frames of 4 million pixels",
    method:
      "MB of pixels a second in one thread, decoded into memory that is there already, in blocks of 8 KiB; WebAssembly " +
      "beside the JavaScript that takes its place where it is missing. Every result is compared with the frame." +
      theirs,
    lines,
  };
}

function measured(
  size: Size,
  wasm: Kernels,
  elementSize: 2 | 4,
  python: string | undefined,
  library: string[],
): readonly Line[] {
  const raw = frame(elementSize);
  const way = { name: "bslz4", elementSize: elementSize as ElementSize, framing: "framed" } as const;
  const packed = compress(way, raw, wasm);
  const target = new Uint8Array(raw.length);
  const decode = (using: Kernels) => (): void => decompressInto(way, packed, target, using);
  const encode = (using: Kernels) => (): unknown => compress(way, raw, using);
  for (const using of [wasm, javascriptKernels]) {
    target.fill(0);
    decode(using)();
    assert.equal(Buffer.compare(target, raw), 0, `what ${using.name} decoded is not the frame`);
    decompressInto(way, compress(way, raw, using), target, wasm);
    assert.equal(Buffer.compare(target, raw), 0, `what ${using.name} encoded is not the frame`);
  }
  const works = {
    decode: decode(wasm),
    "decode, JavaScript": decode(javascriptKernels),
    encode: encode(wasm),
    "encode, JavaScript": encode(javascriptKernels),
  };
  const rates = Object.fromEntries(Object.keys(works).map((name) => [name, [] as number[]])) as Record<
    keyof typeof works,
    number[]
  >;
  const times = size.quick ? 1 : 20;
  const c = { decode: [] as number[], encode: [] as number[] };
  const rate = (ms: number): number => raw.length / MEGABYTE / (ms / 1000);
  for (let round = 0; round < size.rounds; round += 1) {
    for (const [name, work] of Object.entries(works)) {
      rates[name as keyof typeof works].push(rate(best(work, times)));
    }
    if (python === undefined) continue;
    const { decodeMs, encodeMs, instructions } = inC(python, raw, elementSize, times);
    c.decode.push(rate(decodeMs));
    c.encode.push(rate(encodeMs));
    library.push(instructions);
  }
  const bits = `uint${8 * elementSize}`;
  return [
    ...Object.entries(rates).map(([what, values]) => ({ what: `${bits}, ${what}, MB/s`, values })),
    ...(python === undefined
      ? []
      : [
          { what: `${bits}, decode, C library, MB/s`, values: c.decode },
          { what: `${bits}, encode, C library, MB/s`, values: c.encode },
          {
            what: `${bits}, decode, WebAssembly / C library`,
            values: ratios(rates.decode, c.decode),
            ...(elementSize === 4 && { target: { least: 0.7 } }),
          },
        ]),
    {
      what: `${bits}, decode, WebAssembly / JavaScript`,
      values: ratios(rates.decode, rates["decode, JavaScript"]),
      ...(elementSize === 4 && { target: { least: 4 } }),
    },
    { what: `${bits}, size before / after`, values: rates.decode.map(() => raw.length / packed.length) },
  ];
}

/** Gives the shortest times in ms of the C library, which checks its own result. */
function inC(
  python: string,
  raw: Uint8Array,
  elementSize: number,
  times: number,
): { readonly decodeMs: number; readonly encodeMs: number; readonly instructions: string } {
  const folder = mkdtempSync(join(tmpdir(), "arroyo-bench-"));
  try {
    const path = join(folder, "frame");
    writeFileSync(path, raw);
    const script = fileURLToPath(new URL("programs/bslz4.py", import.meta.url));
    // What it allocates for a frame stays its own, so that the system gives it no new pages each time.
    const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: "1000000000", MALLOC_TRIM_THRESHOLD_: "1000000000" };
    const said = execFileSync(python, [script, path, `${elementSize}`, `${times}`], { encoding: "utf8", env });
    const [decodeMs, encodeMs, instructions = "none"] = said.trim().split(" ");
    return { decodeMs: Number(decodeMs), encodeMs: Number(encodeMs), instructions };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const findings = await measure({ quick: false, rounds: 5, say: () => undefined });
  process.stdout.write(`${section(findings)}\n`);
}
