interface Sample {
  readonly atMs: number;
  readonly count: number;
}

/** Tells how fast a count grows, over the last two seconds. */
export class Rate {
  readonly #samples: Sample[] = [];

  /** Takes the count now and gives its growth per second. */
  of(count: number, nowMs: number): number {
    const samples = this.#samples;
    if ((samples.at(-1)?.count ?? 0) > count) samples.length = 0;
    samples.push({ atMs: nowMs, count });
    while (samples.length > 2 && nowMs - (samples[1] as Sample).atMs >= 2000) samples.shift();
    const first = samples[0] as Sample;
    return nowMs > first.atMs ? ((count - first.count) * 1000) / (nowMs - first.atMs) : 0;
  }
}
