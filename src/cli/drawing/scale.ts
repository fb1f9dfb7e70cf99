/** How values become brightness or height. */
export type ScaleName = "log" | "lin";

/** Turns values into numbers from 0 to 1. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  of(value: number): number;
}

/** Outliers beyond these parts of all values do not decide what is bright. */
const LOW_PART = 0.01;
const HIGH_PART = 0.995;

/** Makes a scale for values; with `whole` every value is within it, else a few outliers are cut off. */
export function scaleOf(values: Float64Array, name: ScaleName, whole = false): Scale {
  const sorted = values.filter((value) => Number.isFinite(value)).sort();
  const last = sorted.length - 1;
  const low = sorted[whole ? 0 : Math.floor(last * LOW_PART)] ?? 0;
  const high = sorted[whole ? last : Math.ceil(last * HIGH_PART)] ?? 0;
  const bent = name === "log" ? bend : (value: number) => value;
  const [from, to] = [bent(low), bent(high)];
  return {
    low,
    high,
    of: (value) => (to === from ? 0 : Math.min(1, Math.max(0, (bent(value) - from) / (to - from)))),
  };
}

/** Is a logarithm that goes through zero and takes negative values as well: counts of zero are common. */
function bend(value: number): number {
  return Math.sign(value) * Math.log1p(Math.abs(value));
}
