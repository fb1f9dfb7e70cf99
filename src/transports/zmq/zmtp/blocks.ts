import { Loan } from "../lent-memory.ts";

/** The bytes of a block. */
export const BLOCK_BYTES: number = 64 * 1024;
/** Blocks that wait for their next use, at most: 4 MB. */
const MAX_FREE = 64;

/** Is memory for wire bytes, which is used again when the encoder and all who write from it are done. */
export interface Block {
  readonly bytes: Buffer;
  readonly loan: Loan;
}

const free: ArrayBufferLike[] = [];

function back(memory: ArrayBufferLike): void {
  if (free.length < MAX_FREE) free.push(memory);
}

/**
 * Gives a block. Of small messages one is full every few hundred: fresh ones would make the collector of Node look at all
 * of them, at 10 kB a message for a quarter of the time.
 */
export function takeBlock(): Block {
  const memory = free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES).buffer;
  return { bytes: Buffer.from(memory), loan: new Loan(memory, back) };
}
