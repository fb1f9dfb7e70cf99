import { UsageError } from "../errors.ts";

/** Checks the bound of a store. */
export function checkedMaxBytes(maxBytes: number): number {
  if (Number.isSafeInteger(maxBytes) && maxBytes > 0) return maxBytes;
  throw new UsageError(`dead letters: maxBytes is ${String(maxBytes)}; give a whole number above 0`);
}
