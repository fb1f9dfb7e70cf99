import { readFileSync } from "node:fs";
import { text } from "../errors.ts";
import { javascriptKernels } from "./javascript-kernels.ts";
import type { Kernels } from "./kernels.ts";
import { WasmCorrecting } from "./wasm-correcting.ts";
import { type Exports, WasmMemory } from "./wasm-memory.ts";
import { WasmMoments } from "./wasm-moments.ts";
import { WasmSelection } from "./wasm-selection.ts";
import { WasmByParts, WasmByPixel } from "./wasm-summing.ts";

/** The part of WebAssembly that is used here; Node has it, its types have not. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** Loads the kernels of WebAssembly; undefined, with a warning, where they cannot be had. */
export function wasmKernels(): Kernels | undefined {
  try {
    const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
    const module = new Module(readFileSync(new URL("./kernels.wasm", import.meta.url)));
    return kernelsOf(() => new WasmMemory(new Instance(module).exports as Exports));
  } catch (error) {
    process.emitWarning(
      `arroyojs: the kernels for reduction in WebAssembly could not be loaded (${text(error)}), so that JavaScript does ` +
        "their work, several times slower; build the package, or set ARROYO_NO_WASM=1 if this is intended",
    );
    return undefined;
  }
}

function kernelsOf(memory: () => WasmMemory): Kernels {
  return {
    name: "wasm",
    byPixel: (bins, count, errors) =>
      orElse(
        () => new WasmByPixel(memory(), bins, count, errors),
        () => javascriptKernels.byPixel(bins, count, errors),
      ),
    byParts: (parts, errors) =>
      orElse(
        () => new WasmByParts(memory(), parts, errors),
        () => javascriptKernels.byParts(parts, errors),
      ),
    correcting: (dark, factor) =>
      orElse(
        () => new WasmCorrecting(memory(), dark, factor),
        () => javascriptKernels.correcting(dark, factor),
      ),
    selecting: (mask) =>
      orElse(
        () => new WasmSelection(memory(), mask),
        () => javascriptKernels.selecting(mask),
      ),
    moments: (pixels, statistics, decay) =>
      orElse(
        () => new WasmMoments(memory(), pixels, statistics, decay),
        () => javascriptKernels.moments(pixels, statistics, decay),
      ),
  };
}

/** Tables that do not fit into the 4 GB of an instance, or into what the machine gives, are worked on in JavaScript. */
function orElse<T>(make: () => T, other: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) return other();
    throw error;
  }
}
