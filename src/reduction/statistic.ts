/** Names what can be kept of each pixel. The variance is that of a sample; with a decay, that of the fading weights. */
export type Statistic = "mean" | "variance" | "min" | "max";

/** All statistics, for checks. */
export const STATISTICS: readonly Statistic[] = ["mean", "variance", "min", "max"];

/** Holds what is kept of each pixel: the tables that are needed for the statistics asked for. */
export interface MomentTables {
  readonly counts: Uint32Array;
  readonly means: Float64Array | undefined;
  /** Sums of squared distances from the mean; with a decay the variance itself. */
  readonly squares: Float64Array | undefined;
  readonly least: Float64Array | undefined;
  readonly most: Float64Array | undefined;
}

/** Says which tables the statistics need. */
export function tablesFor(
  statistics: readonly Statistic[],
): Readonly<Record<Exclude<keyof MomentTables, "counts">, boolean>> {
  const asked = (...names: Statistic[]): boolean => names.some((name) => statistics.includes(name));
  return { means: asked("mean", "variance"), squares: asked("variance"), least: asked("min"), most: asked("max") };
}

/** Writes one statistic; NaN where a pixel never counted, and for the variance of one value. */
export function writeStatistic(
  statistic: Statistic,
  { counts, means, squares, least, most }: MomentTables,
  isFading: boolean,
  target: Float32Array,
): void {
  const from = { mean: means, variance: squares, min: least, max: most }[statistic];
  const isSample = statistic === "variance" && !isFading;
  for (let pixel = 0; pixel < target.length; pixel += 1) {
    const count = counts[pixel] as number;
    const value = from?.[pixel] ?? Number.NaN;
    if (count === 0 || (isSample && count < 2)) target[pixel] = Number.NaN;
    else target[pixel] = isSample ? value / (count - 1) : value;
  }
}
