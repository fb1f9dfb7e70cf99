type FrameList = readonly Uint8Array[];

/** Numbers that break arithmetic on lengths and counts. */
const NASTY = [0x00, 0x01, 0x7f, 0x80, 0xc1, 0xd9, 0xdb, 0xdd, 0xdf, 0xff];

/** Makes a damaged copy of a wire message: bits, lengths, cuts, repetitions, frames too many or missing. */
export function mutate(frames: FrameList, random: () => number): readonly Uint8Array[] {
  const copies = frames.map((frame) => new Uint8Array(frame));
  const rounds = 1 + Math.floor(random() * 3);
  let mutated: Uint8Array[] = copies;
  for (let round = 0; round < rounds; round += 1) mutated = mutateOnce(mutated, random);
  return mutated;
}

function mutateOnce(frames: Uint8Array[], random: () => number): Uint8Array[] {
  const below = (bound: number): number => Math.floor(random() * bound);
  const which = below(Math.max(1, frames.length));
  const frame = frames[which] ?? new Uint8Array(0);
  const replaced = (by: Uint8Array): Uint8Array[] => frames.map((old, index) => (index === which ? by : old));
  // Most of what a decoder looks at stands at the front.
  const place = random() < 0.7 ? below(Math.min(64, frame.length)) : below(frame.length);
  switch (below(10)) {
    case 0:
      return replaced(frame.slice(0, below(frame.length + 1)));
    case 1:
      return replaced(
        joined(
          frame,
          Uint8Array.from({ length: 1 + below(40) }, () => below(256)),
        ),
      );
    case 2:
      return frames.filter((_, index) => index !== which);
    case 3:
      return [...frames, Uint8Array.from({ length: below(20) }, () => below(256))];
    case 4:
      return [...frames].reverse();
    case 5:
      return replaced(joined(frame.slice(0, place), frame.slice(place + 1 + below(8))));
    case 6:
      return replaced(joined(frame.slice(0, place), frame.slice(place, place + 1 + below(8)), frame.slice(place)));
    case 7:
      return replaced(written(frame, place, NASTY[below(NASTY.length)] ?? 0, 1 + below(4)));
    case 8:
      return replaced(written(frame, place, (frame[place] ?? 0) ^ (1 << below(8)), 1));
    default:
      return replaced(written(frame, place, below(256), 1));
  }
}

function written(frame: Uint8Array, place: number, byte: number, times: number): Uint8Array {
  frame.fill(byte, place, Math.min(frame.length, place + times));
  return frame;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
