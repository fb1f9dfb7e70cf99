export { BinaryKeyed } from "./binary-keyed.ts";
export { type DecodeLimits, decode, decodeAt } from "./decoder.ts";
export { MAX_DEPTH, Packer } from "./encoder.ts";
export { find, findIn, findOffset, skip } from "./find.ts";
export { skim } from "./skim.ts";
export { structureOf } from "./structure.ts";
