// AssemblyScript, compiled to kernels.wasm by scripts/kernels.mjs. Memory is laid out and handed in by wasm-kernels.ts.

export { correct } from "./correct.as";
export { gather, gatherWithErrors } from "./gather.as";
export { addMoments } from "./moments.as";
export { select } from "./select.as";
export { fold, sumByte, sumShort, sumValues, sumValuesWithErrors } from "./sum-bins.as";
export {
  clearBytes,
  clearFloats,
  clearShorts,
  clearWords,
  sumByteRuns,
  sumShortRuns,
  sumWordRuns,
} from "./sum-runs.as";
export { values } from "./values.as";
