const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

/** Hashes a key as the Java client does, so that the same key goes to the same partition whoever writes it. */
export function murmur2(key: Uint8Array): number {
  const { length } = key;
  const whole = length - (length % 4);
  let hash = SEED ^ length;
  for (let at = 0; at < whole; at += 4) {
    let four =
      (key[at] as number) |
      ((key[at + 1] as number) << 8) |
      ((key[at + 2] as number) << 16) |
      ((key[at + 3] as number) << 24);
    four = Math.imul(four, MULTIPLIER);
    four ^= four >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(four, MULTIPLIER);
  }
  const rest = length - whole;
  if (rest > 2) hash ^= (key[whole + 2] as number) << 16;
  if (rest > 1) hash ^= (key[whole + 1] as number) << 8;
  if (rest > 0) hash = Math.imul(hash ^ (key[whole] as number), MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}
