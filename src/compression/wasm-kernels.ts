import { readFileSync } from "node:fs";
import { text } from "../errors.ts";
import { bigEndian32 } from "./big-endian.ts";
import { checkFault, endsEarly, leftOver } from "./faults.ts";
import { javascriptKernels } from "./javascript-kernels.ts";
import { type ElementSize, type Kernels, lz4Bound } from "./kernels.ts";

/** What kernels.as.ts exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  decodeLz4(from: number, fromEnd: number, to: number, toEnd: number): number;
  encodeLz4(from: number, fromEnd: number, to: number, table: number): number;
  unshuffle(from: number, to: number, count: number, size: number, scratch: number): void;
  shuffle(from: number, to: number, count: number, size: number, scratch: number): void;
  decodeBslz4(
    from: number,
    fromEnd: number,
    to: number,
    count: number,
    size: number,
    block: number,
    workspace: number,
    scratch: number,
  ): number;
  encodeBslz4(
    from: number,
    to: number,
    count: number,
    size: number,
    block: number,
    workspace: number,
    scratch: number,
    table: number,
  ): number;
}

/** The part of WebAssembly that is used here; Node has it, its types have not. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const PAGE = 65_536;
/** Behind each buffer, for copies of 16 bytes at a time that run over. */
const SLACK = 64;
/** The data of the module itself ends before. */
const TABLE = 4096;
const SCRATCH: number = TABLE + 4 * 4096;
const WORKSPACE: number = SCRATCH + 2 * 128 * 8;
/** So many bytes of elements are handed over at once: what is worked on stays near the processor. */
const BATCH = 256 * 1024;
/** A larger block is decoded in JavaScript; no writer makes blocks of this size. */
const LARGEST_BLOCK = 1024 * 1024;
const FREE: number = WORKSPACE + LARGEST_BLOCK + SLACK;
/** The memory never shrinks; what needs more than this is done in JavaScript. */
const MOST = 64 * 1024 * 1024;

/** Loads the kernels of WebAssembly; undefined, with a warning, where they cannot be had. */
export function wasmKernels(): Kernels | undefined {
  try {
    const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
    const { exports } = new Instance(new Module(readFileSync(new URL("./kernels.wasm", import.meta.url))));
    return new WasmKernels(exports as Exports);
  } catch (error) {
    process.emitWarning(
      `arroyojs: the kernels for compression in WebAssembly could not be loaded (${text(error)}), so that JavaScript does ` +
        "their work, several times slower; build the package, or set ARROYO_NO_WASM=1 if this is intended",
    );
    return undefined;
  }
}

/** Copies what is worked on into the memory of a module, and results straight to where they are wanted. */
class WasmKernels implements Kernels {
  readonly name = "wasm";
  readonly #exports: Exports;
  #bytes: Uint8Array;

  constructor(exports: Exports) {
    this.#exports = exports;
    this.#bytes = new Uint8Array(exports.memory.buffer);
    this.#reserve(FREE + BATCH);
  }

  decodeLz4(block: Uint8Array, target: Uint8Array): void {
    const to = FREE + block.length + SLACK;
    const end = to + target.length;
    if (!this.#reserve(end + SLACK)) {
      javascriptKernels.decodeLz4(block, target);
      return;
    }
    this.#bytes.set(block, FREE);
    checkFault(this.#exports.decodeLz4(FREE, FREE + block.length, to, end));
    target.set(this.#bytes.subarray(to, end));
  }

  encodeLz4(raw: Uint8Array, target: Uint8Array): number {
    const to = FREE + raw.length + SLACK;
    if (!this.#reserve(to + lz4Bound(raw.length) + SLACK)) return javascriptKernels.encodeLz4(raw, target);
    this.#bytes.set(raw, FREE);
    const length = this.#exports.encodeLz4(FREE, FREE + raw.length, to, TABLE);
    target.set(this.#bytes.subarray(to, to + length));
    return length;
  }

  decodeBslz4(blocks: Uint8Array, target: Uint8Array, size: ElementSize, blockElements: number): void {
    const blockBytes = Math.min(blockElements * size, target.length);
    let from = 0;
    let to = 0;
    while (to < target.length) {
      const begin = from;
      let bytes = 0;
      while (bytes < BATCH && to + bytes < target.length) {
        if (blocks.length - from < 4) throw endsEarly();
        const length = bigEndian32(blocks, from);
        if (length > blocks.length - from - 4) throw endsEarly();
        from += 4 + length;
        bytes += Math.min(blockBytes, target.length - to - bytes);
      }
      const batch = blocks.subarray(begin, from);
      const place = FREE + batch.length + SLACK;
      if (blockBytes > LARGEST_BLOCK || !this.#reserve(place + bytes + SLACK)) {
        javascriptKernels.decodeBslz4(batch, target.subarray(to, to + bytes), size, blockElements);
      } else {
        this.#bytes.set(batch, FREE);
        const end = FREE + batch.length;
        const count = bytes / size;
        checkFault(this.#exports.decodeBslz4(FREE, end, place, count, size, blockBytes / size, WORKSPACE, SCRATCH));
        target.set(this.#bytes.subarray(place, place + bytes), to);
      }
      to += bytes;
    }
    if (from !== blocks.length) throw leftOver();
  }

  encodeBslz4(raw: Uint8Array, target: Uint8Array, size: ElementSize, blockElements: number): number {
    const blockBytes = blockElements * size;
    if (blockBytes > LARGEST_BLOCK) return javascriptKernels.encodeBslz4(raw, target, size, blockElements);
    const batch = Math.max(1, Math.floor(BATCH / blockBytes)) * blockBytes;
    const place = FREE + batch + SLACK;
    this.#reserve(place + (batch / blockBytes) * (4 + lz4Bound(blockBytes)) + SLACK);
    let to = 0;
    for (let from = 0; from < raw.length; from += batch) {
      const part = raw.subarray(from, Math.min(raw.length, from + batch));
      this.#bytes.set(part, FREE);
      const count = part.length / size;
      const length = this.#exports.encodeBslz4(FREE, place, count, size, blockElements, WORKSPACE, SCRATCH, TABLE);
      target.set(this.#bytes.subarray(place, place + length), to);
      to += length;
    }
    return to;
  }

  unshuffle(rows: Uint8Array, target: Uint8Array, size: ElementSize): void {
    if (!this.#transpose("unshuffle", rows, target, size)) javascriptKernels.unshuffle(rows, target, size);
  }

  shuffle(raw: Uint8Array, target: Uint8Array, size: ElementSize): void {
    if (!this.#transpose("shuffle", raw, target, size)) javascriptKernels.shuffle(raw, target, size);
  }

  #transpose(kernel: "shuffle" | "unshuffle", source: Uint8Array, target: Uint8Array, size: ElementSize): boolean {
    const { length } = source;
    const to = FREE + length + SLACK;
    if (!this.#reserve(to + length + SLACK)) return false;
    this.#bytes.set(source, FREE);
    this.#exports[kernel](FREE, to, length / size, size, SCRATCH);
    target.set(this.#bytes.subarray(to, to + length));
    return true;
  }

  /** Makes the memory large enough; false where that would be too much. */
  #reserve(end: number): boolean {
    const missing = end - this.#bytes.length;
    if (missing <= 0) return true;
    if (end > MOST) return false;
    try {
      this.#exports.memory.grow(Math.ceil(missing / PAGE));
    } catch {
      return false;
    }
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    return true;
  }
}
