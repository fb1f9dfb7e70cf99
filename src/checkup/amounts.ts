/** Writes a size in bytes as people read it. */
export function sizeText(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : Number(size.toPrecision(2))} ${units[unit]}`;
}

/** Writes a time as people read it. */
export function timeText(ms: number): string {
  const steps = [
    [86_400_000, "days"],
    [3_600_000, "hours"],
    [60_000, "minutes"],
    [1000, "s"],
  ] as const;
  const [factor, unit] = steps.find(([factor]) => ms >= 2 * factor) ?? [1, "ms"];
  return `${Number((ms / factor).toPrecision(3))} ${unit}`;
}

/** Counts things: `1 copy`, `3 copies`. */
export function counted(count: number, one: string, several: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
