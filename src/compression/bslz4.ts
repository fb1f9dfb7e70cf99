import { endsEarly } from "./faults.ts";
import { checkClaim, checkShuffled, defaultBlock, FRAMING, putClaim } from "./framing.ts";
import { type ElementSize, type Kernels, lz4Bound } from "./kernels.ts";

/** Says where the blocks are and how long they are. */
export interface Blocks {
  /** Where the first block begins. */
  readonly from: number;
  readonly blockElements: number;
}

/** Finds the blocks of framed data, whose header must claim the expected size. */
export function framedBlocks(bytes: Uint8Array, elementSize: ElementSize, rawBytes: number): Blocks {
  return { from: FRAMING, blockElements: checkShuffled(checkClaim(bytes, rawBytes), elementSize) };
}

/** Finds the blocks of data without a header. */
export function headerlessBlocks(elementSize: ElementSize): Blocks {
  return { from: 0, blockElements: defaultBlock(elementSize) };
}

/** Gives how many bytes are shuffled; up to 7 elements behind them, and what is no whole element, are as they were. */
export function shuffledBytes(rawBytes: number, elementSize: ElementSize): number {
  return rawBytes - (rawBytes % (8 * elementSize));
}

/** Decodes data of bitshuffle and LZ4, which must fill the target. */
export function decodeBslz4(
  bytes: Uint8Array,
  { from, blockElements }: Blocks,
  elementSize: ElementSize,
  target: Uint8Array,
  using: Kernels,
): void {
  const shuffled = shuffledBytes(target.length, elementSize);
  const tail = bytes.length - (target.length - shuffled);
  if (tail < from) throw endsEarly();
  using.decodeBslz4(bytes.subarray(from, tail), target.subarray(0, shuffled), elementSize, blockElements);
  target.set(bytes.subarray(tail), shuffled);
}

/** Encodes data with bitshuffle and LZ4, framed or not, in blocks of the default size. */
export function encodeBslz4(raw: Uint8Array, elementSize: ElementSize, framed: boolean, using: Kernels): Uint8Array {
  const blockElements = defaultBlock(elementSize);
  const blockBytes = blockElements * elementSize;
  const shuffled = shuffledBytes(raw.length, elementSize);
  const most = Math.ceil(shuffled / blockBytes) * (4 + lz4Bound(blockBytes));
  const from = framed ? FRAMING : 0;
  const target = Buffer.allocUnsafeSlow(from + most + raw.length - shuffled);
  if (framed) putClaim(target, { rawBytes: raw.length, blockBytes });
  const length = using.encodeBslz4(raw.subarray(0, shuffled), target.subarray(from), elementSize, blockElements);
  target.set(raw.subarray(shuffled), from + length);
  return new Uint8Array(target.subarray(0, from + length + raw.length - shuffled));
}
