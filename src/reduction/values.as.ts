// Turns elements of any type into floats. What is not valid (the sentinel of an integer; what is not finite) becomes
// `fill`, and its number is put into a list.

/**
 * Converts `count` elements, of which the first is pixel `first` of the frame, and gives how many are not valid. The
 * type is its place in ELEMENTS of wasm-kernels.ts; `wide` asks for float64 in place of float32.
 */
export function values(
  type: i32,
  from: usize,
  count: u32,
  to: usize,
  wide: i32,
  hasSentinel: i32,
  sentinel: i64,
  fill: f64,
  list: usize,
  first: u32,
): u32 {
  switch (type) {
    case 0:
      return converted<u8>(from, count, to, wide, hasSentinel, sentinel, fill, list, first);
    case 1:
      return converted<i8>(from, count, to, wide, hasSentinel, sentinel, fill, list, first);
    case 2:
      return converted<u16>(from, count, to, wide, hasSentinel, sentinel, fill, list, first);
    case 3:
      return converted<i16>(from, count, to, wide, hasSentinel, sentinel, fill, list, first);
    case 4:
      return converted<u32>(from, count, to, wide, hasSentinel, sentinel, fill, list, first);
    case 5:
      return converted<i32>(from, count, to, wide, hasSentinel, sentinel, fill, list, first);
    case 6:
      return converted<u64>(from, count, to, wide, hasSentinel, sentinel, fill, list, first);
    case 7:
      return converted<i64>(from, count, to, wide, hasSentinel, sentinel, fill, list, first);
    case 8:
      return converted<f32>(from, count, to, wide, hasSentinel, sentinel, fill, list, first);
    default:
      return converted<f64>(from, count, to, wide, hasSentinel, sentinel, fill, list, first);
  }
}

function converted<T>(
  from: usize,
  count: u32,
  to: usize,
  wide: i32,
  hasSentinel: i32,
  sentinel: i64,
  fill: f64,
  list: usize,
  first: u32,
): u32 {
  let listed: u32 = 0;
  for (let k: u32 = 0; k < count; k++) {
    const element = load<T>(from + <usize>k * sizeof<T>());
    let value = <f64>element;
    if (!isValid<T>(element, hasSentinel, sentinel)) {
      value = fill;
      store<u32>(list + ((<usize>listed) << 2), first + k);
      listed++;
    }
    if (wide) store<f64>(to + ((<usize>k) << 3), value);
    else store<f32>(to + ((<usize>k) << 2), <f32>value);
  }
  return listed;
}

/** Tells whether an element counts. A sentinel is the integer itself, or the bits of a float64. */
export function isValid<T>(element: T, hasSentinel: i32, sentinel: i64): bool {
  if (isFloat<T>()) {
    const value = <f64>element;
    return value - value === 0 && !(hasSentinel && value === reinterpret<f64>(sentinel));
  }
  return !(hasSentinel && element === <T>sentinel);
}
