/** Gives whole numbers below a bound, always the same ones (xorshift). */
export function dice(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Changes bytes, heads above all; repeats, leaves out and cuts. */
export function mutated(bytes: Buffer, roll: (below: number) => number): Buffer {
  let result = Buffer.from(bytes);
  for (let changes = 1 + roll(4); changes > 0; changes -= 1) {
    const [one, other] = [roll(result.length), roll(result.length)].sort((a, b) => a - b) as [number, number];
    // Most of the bytes are one large frame; what matters is before and after it.
    const at = roll(2) === 0 ? roll(Math.min(1800, result.length)) : one;
    const kind = roll(6);
    if (kind < 3) result[at] = kind === 0 ? roll(256) : (result[at] as number) ^ (1 << roll(8));
    else if (kind === 3) result = Buffer.concat([result.subarray(0, one), result.subarray(other)]);
    else if (kind === 4) result = Buffer.concat([result.subarray(0, other), result.subarray(one)]);
    else result = result.subarray(0, Math.max(1, other));
    if (result.length === 0) return Buffer.from(bytes);
  }
  return result.subarray(0, 400_000);
}
