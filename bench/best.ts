/** Gives the shortest of several times in ms: what else runs on the machine only makes it longer. */
export function best(work: () => unknown, times: number): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time += 1) {
    const before = performance.now();
    work();
    shortest = Math.min(shortest, performance.now() - before);
  }
  return shortest;
}
