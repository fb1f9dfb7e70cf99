import { isValid } from "./values.as";

/**
 * Corrects `count` elements: (element - dark) * factor, as float32. A factor that is NaN masks its pixel; what is not
 * valid becomes NaN too.
 */
export function correct(
  type: i32,
  from: usize,
  count: u32,
  dark: usize,
  factor: usize,
  to: usize,
  hasSentinel: i32,
  sentinel: i64,
): void {
  if (type === 0) inFours<u8>(from, count, dark, factor, to, hasSentinel, sentinel);
  else if (type === 1) inFours<i8>(from, count, dark, factor, to, hasSentinel, sentinel);
  else if (type === 2) inFours<u16>(from, count, dark, factor, to, hasSentinel, sentinel);
  else if (type === 3) inFours<i16>(from, count, dark, factor, to, hasSentinel, sentinel);
  else if (type === 4) one<u32>(from, 0, count, dark, factor, to, hasSentinel, sentinel);
  else if (type === 5) one<i32>(from, 0, count, dark, factor, to, hasSentinel, sentinel);
  else if (type === 6) one<u64>(from, 0, count, dark, factor, to, hasSentinel, sentinel);
  else if (type === 7) one<i64>(from, 0, count, dark, factor, to, hasSentinel, sentinel);
  else if (type === 8) one<f32>(from, 0, count, dark, factor, to, hasSentinel, sentinel);
  else one<f64>(from, 0, count, dark, factor, to, hasSentinel, sentinel);
}

/** Corrects four elements at once: integers that a float32 holds exactly. */
function inFours<T>(
  from: usize,
  count: u32,
  dark: usize,
  factor: usize,
  to: usize,
  hasSentinel: i32,
  sentinel: i64,
): void {
  // A sentinel of 32 bits that no element of fewer bits can have means none.
  const looked = i32x4.splat(hasSentinel ? <i32>sentinel : i32.MIN_VALUE);
  const nan = f32x4.splat(f32.NaN);
  let k: u32 = 0;
  for (; k + 4 <= count; k += 4) {
    const four = widened<T>(from + <usize>k * sizeof<T>());
    const at = (<usize>k) << 2;
    const result = f32x4.mul(f32x4.sub(f32x4.convert_i32x4_s(four), v128.load(dark + at)), v128.load(factor + at));
    v128.store(to + at, v128.bitselect(nan, result, i32x4.eq(four, looked)));
  }
  one<T>(from, k, count, dark, factor, to, hasSentinel, sentinel);
}

function widened<T>(at: usize): v128 {
  if (sizeof<T>() === 1) {
    const bytes = v128.load32_zero(at);
    if (isSigned<T>()) return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(bytes));
    return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
  }
  const shorts = v128.load64_zero(at);
  if (isSigned<T>()) return i32x4.extend_low_i16x8_s(shorts);
  return i32x4.extend_low_i16x8_u(shorts);
}

function one<T>(
  from: usize,
  begin: u32,
  count: u32,
  dark: usize,
  factor: usize,
  to: usize,
  hasSentinel: i32,
  sentinel: i64,
): void {
  for (let k: usize = begin; k < <usize>count; k++) {
    const element = load<T>(from + k * sizeof<T>());
    const at = k << 2;
    // In float64: a large count minus a large dark is a small number that must be right.
    const result = <f32>((<f64>element - <f64>load<f32>(dark + at)) * <f64>load<f32>(factor + at));
    store<f32>(to + at, isValid<T>(element, hasSentinel, sentinel) ? result : f32.NaN);
  }
}
