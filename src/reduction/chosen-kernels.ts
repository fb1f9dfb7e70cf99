import { javascriptKernels } from "./javascript-kernels.ts";
import type { Kernels } from "./kernels.ts";
import { wasmKernels } from "./wasm-kernels.ts";

let chosen: Kernels | undefined;

/** Gives the kernels of this thread: WebAssembly with SIMD, or JavaScript where that is missing or ARROYO_NO_WASM is 1. */
export function kernels(): Kernels {
  chosen ??= process.env["ARROYO_NO_WASM"] === "1" ? javascriptKernels : (wasmKernels() ?? javascriptKernels);
  return chosen;
}

/** Sets the kernels of this thread, for what compares the two. */
export function choose(kernels: Kernels): void {
  chosen = kernels;
}
