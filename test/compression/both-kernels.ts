import { javascriptKernels } from "../../src/compression/javascript-kernels.ts";
import type { Kernels } from "../../src/compression/kernels.ts";
import { wasmKernels } from "../../src/compression/wasm-kernels.ts";

const wasm = wasmKernels();
if (wasm === undefined) throw new Error("compression: the kernels in WebAssembly are to be tested, but do not load");

/** Both ways to do the work; each test runs with both. */
export const BOTH: readonly Kernels[] = [wasm, javascriptKernels];

/** Gives both ways with their names, for describe.each and test.each. */
export const EACH: readonly (readonly [string, Kernels])[] = BOTH.map((using) => [using.name, using]);
