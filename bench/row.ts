/** Says how large a run of the benchmark is. */
export interface Size {
  /** True for a look at whether everything works: its figures say nothing. */
  readonly quick: boolean;
  /** How often everything is measured, in turns. */
  readonly rounds: number;
  /** Tells what goes on. */
  readonly say: (text: string) => void;
}

/** What a figure has to reach, judged by the median. */
export interface Target {
  readonly least?: number;
  readonly most?: number;
  /** Other words for it. */
  readonly text?: string;
}

/** Is one line of a table: what was measured, once a round. */
export interface Line {
  readonly what: string;
  readonly values: readonly number[];
  readonly target?: Target;
}

/** Is what one row of the benchmark found. */
export interface Findings {
  readonly title: string;
  /** How it was measured, and what was checked. */
  readonly method: string;
  readonly lines: readonly Line[];
}

/** Is a row of the benchmark: something measured beside what it is compared with. */
export interface Row {
  readonly name: string;
  measure(size: Size): Promise<Findings>;
}

/** Tells whether the median is where it has to be. */
export function isReached({ least = -Infinity, most = Infinity }: Target, median: number): boolean {
  return median >= least && median <= most;
}
