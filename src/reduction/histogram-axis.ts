import { UsageError } from "../errors.ts";
import { MOST_BINS } from "./azimuthal-options.ts";
import { checkOptions } from "./option-check.ts";

/** Says how bins of equal width lie on an axis. */
export interface HistogramAxis {
  readonly bins: number;
  /** From, inclusive, to, exclusive. */
  readonly range: readonly [number, number];
}

/** Checks an axis that came from outside. */
export function histogramAxis(subject: string, axis: unknown): HistogramAxis {
  checkOptions(subject, axis as HistogramAxis, ["bins", "range"]);
  const { bins, range } = axis as Partial<HistogramAxis>;
  if (!Number.isSafeInteger(bins) || (bins as number) < 1 || (bins as number) > MOST_BINS) {
    throw new UsageError(`${subject}: bins: expected a whole number from 1 to ${MOST_BINS}, got ${String(bins)}`);
  }
  const isRange = Array.isArray(range) && range.length === 2 && range.every(Number.isFinite) && range[1] > range[0];
  if (!isRange) throw new UsageError(`${subject}: range: expected [from, to], to above from, got ${String(range)}`);
  return axis as HistogramAxis;
}
