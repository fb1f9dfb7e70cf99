export { kernels } from "./chosen-kernels.ts";
export { compress } from "./compress.ts";
export { type Compression, isElementSize } from "./compression.ts";
export { checkCompressed, claimedBytes, decompress, decompressInto } from "./decompress.ts";
export type { ElementSize, Kernels } from "./kernels.ts";
