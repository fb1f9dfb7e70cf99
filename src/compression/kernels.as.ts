// AssemblyScript, compiled to kernels.wasm by scripts/kernels.mjs. Memory is laid out and handed in by wasm-kernels.ts:
// every buffer has SLACK bytes behind its end, into which copies of 16 bytes at a time may run over.

export { shuffle, unshuffle } from "./bitshuffle.as";
export { decodeBslz4, encodeBslz4 } from "./bslz4.as";
export { decodeLz4, encodeLz4 } from "./lz4.as";
