import { expect } from "vitest";
import { choose, kernels as chosenKernels } from "../../src/reduction/chosen-kernels.ts";
import { javascriptKernels } from "../../src/reduction/javascript-kernels.ts";
import type { Kernels } from "../../src/reduction/kernels.ts";
import { wasmKernels } from "../../src/reduction/wasm-kernels.ts";

const wasm = wasmKernels();
if (wasm === undefined) throw new Error("reduction: the kernels in WebAssembly are to be tested, but do not load");

/** Both ways to do the work, with their names, for describe.each and test.each. */
export const EACH: readonly (readonly [string, Kernels])[] = [wasm, javascriptKernels].map((one) => [one.name, one]);

/** Makes the operators of this test use these kernels. */
export function use(kernels: Kernels): void {
  choose(kernels);
  expect(chosenKernels().name).toBe(kernels.name);
}
