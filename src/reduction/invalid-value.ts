import { UsageError } from "../errors.ts";
import type { FrameType } from "./elements.ts";

const WHOLE: Readonly<Record<string, readonly [bigint, bigint]>> = {
  uint8: [0n, 0xffn],
  int8: [-0x80n, 0x7fn],
  uint16: [0n, 0xffffn],
  int16: [-0x8000n, 0x7fffn],
  uint32: [0n, 0xffffffffn],
  int32: [-0x80000000n, 0x7fffffffn],
  uint64: [0n, 2n ** 64n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Gives what marks a pixel of a type as not valid: NaN, or the sentinel; throws where there is none. */
export function invalidValue(subject: string, dtype: FrameType, sentinel: number | undefined): number | bigint {
  const range = WHOLE[dtype];
  if (range === undefined) return Number.NaN;
  const [least, most] = range;
  if (sentinel === undefined || !Number.isInteger(sentinel)) {
    throw new UsageError(
      `${subject}: sentinel: integers have no value for what is not valid; give one, or float frames`,
    );
  }
  // The largest of 64 bits is no number of JavaScript: the next one stands for it.
  const whole = sentinel === Number(most) ? most : BigInt(sentinel);
  if (whole < least || whole > most) {
    throw new UsageError(`${subject}: sentinel: ${sentinel} is no ${dtype}; give one that is, or "max"`);
  }
  return dtype.endsWith("64") ? whole : Number(whole);
}
