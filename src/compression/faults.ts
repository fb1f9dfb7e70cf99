import { RejectedError } from "../errors.ts";

/** What is wrong with an LZ4 block; the same numbers stand in lz4.as.ts. */
export const FAULT = { endsEarly: -1, tooLong: -2, tooShort: -3, badOffset: -4 } as const;

const REASONS: Readonly<Record<number, string>> = {
  [FAULT.endsEarly]: "an LZ4 block ends early",
  [FAULT.tooLong]: "an LZ4 block is longer than its size",
  [FAULT.tooShort]: "an LZ4 block is shorter than its size",
  [FAULT.badOffset]: "an LZ4 block refers to what is before it",
};

/** Throws what a kernel found wrong; 0 and above is nothing. */
export function checkFault(code: number): void {
  if (code < 0) throw new RejectedError(REASONS[code] ?? "compressed bytes are damaged");
}

/** Says that compressed bytes are shorter than their own lengths say. */
export function endsEarly(): RejectedError {
  return new RejectedError("the compressed bytes end early");
}

/** Says that there is more than the claimed size needs. */
export function leftOver(): RejectedError {
  return new RejectedError("bytes are left over behind the compressed ones");
}
