/** Gives the one of some names that was probably meant, if one is near enough. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const low = name.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const other of names) {
    const away = distance(low, other.toLowerCase());
    if (away < least) [best, least] = [other, away];
  }
  if (best !== undefined || name.length < 3) return best;
  return names.find((other) => other.toLowerCase().startsWith(low) || low.startsWith(other.toLowerCase()));
}

/** Says what to write instead of a name that there is not: the one that was meant, or all that there are. */
export function insteadOf(name: string, names: readonly string[]): string {
  const meant = nearest(name, names);
  if (meant !== undefined) return `did you mean "${meant}"?`;
  return names.length === 0 ? "leave it out" : `there are: ${names.join(", ")}`;
}

/** Counts the letters to change, leave out, put in, or swap with the next. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const now = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const change = (last[column - 1] as number) + (from[row - 1] === to[column - 1] ? 0 : 1);
      let cost = Math.min(change, (last[column] as number) + 1, (now[column - 1] as number) + 1);
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (isSwap) cost = Math.min(cost, (before[column - 2] as number) + 1);
      now.push(cost);
    }
    [before, last] = [last, now];
  }
  return last[to.length] as number;
}
