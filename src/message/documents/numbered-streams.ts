/** Runs, and streams of a run, that are remembered; the oldest is forgotten first. */
const MOST_RUNS = 64;
const MOST_STREAMS = 256;

interface NumbersOfRun {
  /** The number that was given last. */
  last: number;
  /** The next number of each stream. */
  readonly next: Map<string, number>;
}

/**
 * Makes one series of numbers for a run out of several that are counted side by side in it: by descriptors, ports or
 * sources. What is missing in any of them is missing in the series, and nothing else is: a number that repeats or goes
 * back is no gap.
 */
export class NumberedStreams {
  readonly #runs = new Map<string | undefined, NumbersOfRun>();

  /**
   * Gives the next number of the series. The first one of a run is `own`; `first` is where a stream begins, if that is
   * known.
   */
  number(run: string | undefined, stream: string, own: number, first?: number): number {
    const known = this.#runs.get(run);
    const numbers = known ?? this.#begin(run);
    const expected = numbers.next.get(stream) ?? first ?? own;
    const number = known === undefined ? own : numbers.last + 1 + Math.max(0, own - expected);
    numbers.last = Number.isSafeInteger(number) ? number : numbers.last + 1;
    this.#expect(numbers, stream, own + 1);
    return numbers.last;
  }

  /** Takes note of numbers that came without becoming one of the series. */
  passed(run: string | undefined, stream: string, last: number): void {
    this.#expect(this.#runs.get(run) ?? this.#begin(run), stream, last + 1);
  }

  #begin(run: string | undefined): NumbersOfRun {
    const numbers: NumbersOfRun = { last: 0, next: new Map() };
    this.#runs.set(run, numbers);
    forgetOldest(this.#runs, MOST_RUNS);
    return numbers;
  }

  #expect({ next }: NumbersOfRun, stream: string, number: number): void {
    next.delete(stream);
    next.set(stream, number);
    forgetOldest(next, MOST_STREAMS);
  }
}

function forgetOldest(map: Map<unknown, unknown>, most: number): void {
  if (map.size > most) map.delete(map.keys().next().value);
}
