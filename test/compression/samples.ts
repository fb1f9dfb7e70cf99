import type { Seeded } from "../corpus/seeded.ts";

/** Makes bytes as they come from detectors and elsewhere: counts with empty high bytes, runs, repetitions, noise. */
export function sample(random: Seeded, length: number): Uint8Array {
  const kind = random.below(5);
  if (kind === 0) return new Uint8Array(length).fill(random.below(256));
  if (kind === 1) return random.bytes(length);
  if (kind === 2) {
    const period = 1 + random.below(40);
    const pattern = random.bytes(period);
    return Uint8Array.from({ length }, (_, at) => pattern[at % period] as number);
  }
  if (kind === 3) return Uint8Array.from({ length }, (_, at) => (at % 4 === 0 ? random.below(6) : 0));
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const end = Math.min(length, at + 1 + random.below(random.chance(0.1) ? 3000 : 30));
    const from = random.chance(0.5) && at > 0 ? random.below(at) : -1;
    for (; at < end; at += 1) bytes[at] = from < 0 ? random.below(256) : (bytes[from + ((at - from) % 7)] as number);
  }
  return bytes;
}

/** Puts bytes somewhere in the middle of other memory, at an odd place. */
export function apart(bytes: Uint8Array): Uint8Array {
  const around = new Uint8Array(bytes.length + 7).fill(0xa5);
  around.set(bytes, 3);
  return around.subarray(3, 3 + bytes.length);
}
