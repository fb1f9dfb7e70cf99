/** Tells whether a version is another one or newer. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [one, other] = [numbers(version), numbers(wanted)];
  for (let at = 0; at < 3; at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Tells whether a version is in a range such as `^6.0.0`: as new, and of the same major version. */
export function isInRange(version: string, range: string): boolean {
  const wanted = range.replace(/^\^/, "");
  return numbers(version)[0] === numbers(wanted)[0] && isAtLeast(version, wanted);
}

function numbers(version: string): readonly number[] {
  return version.split("-", 1)[0]?.split(".").map(Number) ?? [];
}
