import type { DType } from "../../message/ndarray.ts";

/** Element types in the order in which all schemas count them, from 0, 1 or 11 on. */
export const TYPES: readonly DType[] = [
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float32",
  "float64",
];

/** Where a schema begins to count the types; text comes behind them. */
export const FIRST_TYPE = { ad00: 0, da00: 1, f144: 1, f144Array: 11 } as const;
