/** Remembers which whole numbers it has seen, as ranges; built for numbers that mostly come in order. */
export class Ranges {
  /** First and last of each range, ascending. */
  readonly #ranges: [number, number][] = [];
  #count = 0;
  readonly #maxRanges: number;
  #overflowed = false;

  constructor(maxRanges = 10_000) {
    this.#maxRanges = maxRanges;
  }

  /** How many different numbers were seen. */
  get count(): number {
    return this.#count;
  }

  /** True when there were more gaps than are remembered, so that the oldest were closed. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  get first(): number | undefined {
    return this.#ranges[0]?.[0];
  }

  add(number: number): void {
    const last = this.#ranges.at(-1);
    if (last !== undefined && number === last[1] + 1) {
      last[1] = number;
      this.#count += 1;
      return;
    }
    if (last === undefined || number > last[1]) {
      this.#ranges.push([number, number]);
      this.#count += 1;
      if (this.#ranges.length > this.#maxRanges) this.#closeOldestGap();
      return;
    }
    this.#insert(number);
  }

  /** Gives the gaps within `from` up to, not including, `to`, as first and last of each. */
  missing(from: number, to: number): [number, number][] {
    const gaps: [number, number][] = [];
    let next = from;
    for (const [first, last] of this.#ranges) {
      if (last < from) continue;
      if (first >= to) break;
      if (first > next) gaps.push([next, first - 1]);
      next = Math.max(next, last + 1);
    }
    if (next < to) gaps.push([next, to - 1]);
    return gaps;
  }

  #insert(number: number): void {
    let index = this.#ranges.length - 1;
    while (index >= 0 && (this.#ranges[index] as [number, number])[0] > number) index -= 1;
    const before = this.#ranges[index];
    if (before !== undefined && number <= before[1]) return;
    this.#count += 1;
    const after = this.#ranges[index + 1];
    const touchesBefore = before !== undefined && before[1] + 1 === number;
    const touchesAfter = after !== undefined && after[0] - 1 === number;
    if (touchesBefore && touchesAfter) {
      before[1] = after[1];
      this.#ranges.splice(index + 1, 1);
    } else if (touchesBefore) before[1] = number;
    else if (touchesAfter) after[0] = number;
    else this.#ranges.splice(index + 1, 0, [number, number]);
  }

  #closeOldestGap(): void {
    const [first, second] = this.#ranges as [[number, number], [number, number]];
    second[0] = first[0];
    this.#ranges.shift();
    this.#overflowed = true;
  }
}
