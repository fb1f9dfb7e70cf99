import { RejectedError } from "../errors.ts";
import { bigEndian32, putBigEndian32 } from "./big-endian.ts";
import type { ElementSize } from "./kernels.ts";

/** Bytes of the header that stands before framed data. */
export const FRAMING = 12;

/** Holds what a header of 12 bytes claims. */
export interface Claim {
  readonly rawBytes: number;
  readonly blockBytes: number;
}

/** Reads the header of framed data. */
export function readClaim(bytes: Uint8Array): Claim {
  if (bytes.length < FRAMING) throw new RejectedError("the compressed bytes are shorter than their header");
  const rawBytes = bigEndian32(bytes, 0) * 2 ** 32 + bigEndian32(bytes, 4);
  return { rawBytes, blockBytes: bigEndian32(bytes, 8) };
}

/** Refuses a header that does not claim what is expected. */
export function checkClaim(bytes: Uint8Array, rawBytes: number): Claim {
  const claim = readClaim(bytes);
  if (claim.rawBytes !== rawBytes) {
    throw new RejectedError(`the compressed bytes claim a size of ${claim.rawBytes} bytes, not ${rawBytes}`);
  }
  if (claim.blockBytes === 0) throw new RejectedError("the compressed bytes claim blocks of 0 bytes");
  return claim;
}

/** Refuses blocks whose bits cannot have been shuffled: of no multiple of 8 elements. */
export function checkShuffled({ blockBytes }: Claim, elementSize: ElementSize): number {
  if (blockBytes % (8 * elementSize) !== 0) {
    throw new RejectedError(
      `the compressed bytes claim blocks of ${blockBytes} bytes, which is no multiple of 8 elements of ${elementSize}`,
    );
  }
  return blockBytes / elementSize;
}

/** Writes the header of framed data. */
export function putClaim(bytes: Uint8Array, { rawBytes, blockBytes }: Claim): void {
  putBigEndian32(bytes, 0, Math.floor(rawBytes / 2 ** 32));
  putBigEndian32(bytes, 4, rawBytes >>> 0);
  putBigEndian32(bytes, 8, blockBytes);
}

/** Gives the elements of a block that writers take: 8 KiB of them. */
export function defaultBlock(elementSize: ElementSize): number {
  return 8192 / elementSize;
}
