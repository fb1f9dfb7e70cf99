/** Holds what several rounds gave, in order of size. */
export class Spread {
  readonly values: readonly number[];

  constructor(values: readonly number[]) {
    if (values.length === 0 || values.some((value) => !Number.isFinite(value))) {
      throw new Error(`bench: expected figures, got [${values.join(", ")}]; a row did not measure what it should`);
    }
    this.values = values.toSorted((a, b) => a - b);
  }

  get min(): number {
    return this.values[0] as number;
  }

  get max(): number {
    return this.values.at(-1) as number;
  }

  get median(): number {
    const { values } = this;
    const middle = values.length >> 1;
    if (values.length % 2 === 1) return values[middle] as number;
    return ((values[middle - 1] as number) + (values[middle] as number)) / 2;
  }
}

/** Divides round by round, so that what disturbed a round disturbed both figures. */
export function ratios(own: readonly number[], bare: readonly number[]): number[] {
  return own.map((value, round) => value / (bare[round] as number));
}

/** Writes a figure with three digits that count. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || value === 0) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : size >= 0.1 ? 2 : 3);
}
