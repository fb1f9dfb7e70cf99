/** Is what a process had at a time, in bytes. */
export interface Sample {
  readonly atMs: number;
  readonly live: number;
  readonly rss: number;
}

/** Says what became of the memory of a process. */
export interface Trend {
  /** The least in the first and in the last third, in MB: what is under way comes on top, now more, now less. */
  readonly first: number;
  readonly last: number;
  /** What lies between them, in MB a minute. */
  readonly growth: number;
}

const MB = 1e6;
const MINUTE_MS = 60_000;

/** Looks at the samples after the warm-up. */
export function trend(samples: readonly Sample[], what: "live" | "rss"): Trend {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const least = (some: readonly Sample[]): number => Math.min(...some.map((sample) => sample[what])) / MB;
  const first = least(samples.slice(0, third));
  const last = least(samples.slice(-third));
  const tookMs = (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0);
  // From the middle of one third to that of the other.
  const minutes = (tookMs * 2) / 3 / MINUTE_MS;
  return { first, last, growth: minutes > 0 ? (last - first) / minutes : 0 };
}
