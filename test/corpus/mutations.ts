import type { Seeded } from "./seeded.ts";

/** Bytes that mean something to MessagePack, JSON or a length field. */
const TELLING = [0x00, 0x01, 0x22, 0x5b, 0x5d, 0x7b, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x91, 0xa0, 0xc0, 0xc1, 0xc4, 0xc6];
const ALSO_TELLING = [0xc7, 0xca, 0xcb, 0xcf, 0xd3, 0xd6, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff];

/** Claims of many items or bytes, in the forms of MessagePack. */
const CLAIMS = [
  [0xdd, 0x7f, 0xff, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xc6, 0x7f, 0xff, 0xff, 0xff],
  [0xdb, 0xff, 0xff, 0xff, 0xf0],
  [0xcf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];

type Mutation = (bytes: Uint8Array, random: Seeded) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, random) => replaced(bytes, random, (old) => old ^ (1 << random.below(8))),
  (bytes, random) => replaced(bytes, random, () => random.pick([...TELLING, ...ALSO_TELLING])),
  (bytes, random) => replaced(bytes, random, () => random.below(256)),
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 0, random.bytes(1 + random.below(8))),
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 1 + random.below(8), new Uint8Array(0)),
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 5, Uint8Array.from(random.pick(CLAIMS))),
  (bytes, random) => {
    const from = random.below(bytes.length + 1);
    return spliced(bytes, random.below(bytes.length + 1), 0, bytes.slice(from, from + 1 + random.below(64)));
  },
  (bytes, random) => spliced(bytes, bytes.length, 0, random.bytes(1 + random.below(16))),
  (bytes, random) => random.bytes(random.below(bytes.length + 16)),
];

/** Damages a message in one to three places: bytes within its frames, or the frames themselves. */
export function mutated(frames: readonly Uint8Array[], random: Seeded): readonly Uint8Array[] {
  let damaged = frames;
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    damaged = random.chance(0.05) ? otherFrames(damaged, random) : otherBytes(damaged, random);
  }
  return damaged;
}

function otherBytes(frames: readonly Uint8Array[], random: Seeded): readonly Uint8Array[] {
  const index = random.below(frames.length);
  return frames.map((frame, at) => (at === index ? random.pick(MUTATIONS)(frame, random) : frame));
}

function otherFrames(frames: readonly Uint8Array[], random: Seeded): readonly Uint8Array[] {
  const index = random.below(frames.length + 1);
  const other = random.pick([new Uint8Array(0), random.bytes(random.below(32)), frames[0] ?? new Uint8Array(0)]);
  return frames.toSpliced(index, random.below(2), ...(random.chance(0.5) ? [other] : []));
}

function replaced(bytes: Uint8Array, random: Seeded, change: (old: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const copy = bytes.slice();
  // Half of the places are near the beginning, where lengths and keys stand.
  const at = random.below(random.chance(0.5) ? Math.min(64, copy.length) : copy.length);
  copy[at] = change(copy[at] as number);
  return copy;
}

function spliced(bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
}
