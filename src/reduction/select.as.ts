// Finds the elements that are at least `least` and valid: not the sentinel, finite, not masked.

/**
 * Gives how many of `count` elements there are, of which the first is pixel `first` of the frame, and puts their pixels
 * into a list where one is given. `least` and the sentinel are integers, or the bits of a float64.
 */
export function select(
  type: i32,
  from: usize,
  count: u32,
  least: i64,
  hasSentinel: i32,
  sentinel: i64,
  mask: usize,
  first: u32,
  list: usize,
): u32 {
  switch (type) {
    case 0:
      return among<u8>(from, count, <u8>least, hasSentinel, <u8>sentinel, mask, first, list);
    case 1:
      return among<i8>(from, count, <i8>least, hasSentinel, <i8>sentinel, mask, first, list);
    case 2:
      return among<u16>(from, count, <u16>least, hasSentinel, <u16>sentinel, mask, first, list);
    case 3:
      return among<i16>(from, count, <i16>least, hasSentinel, <i16>sentinel, mask, first, list);
    case 4:
      return among<u32>(from, count, <u32>least, hasSentinel, <u32>sentinel, mask, first, list);
    case 5:
      return among<i32>(from, count, <i32>least, hasSentinel, <i32>sentinel, mask, first, list);
    case 6:
      return oneByOne<u64>(from, 0, count, <u64>least, hasSentinel, <u64>sentinel, mask, first, list, 0);
    case 7:
      return oneByOne<i64>(from, 0, count, least, hasSentinel, sentinel, mask, first, list, 0);
    case 8:
      return among<f32>(
        from,
        count,
        <f32>reinterpret<f64>(least),
        hasSentinel,
        <f32>reinterpret<f64>(sentinel),
        mask,
        first,
        list,
      );
    default:
      return among<f64>(
        from,
        count,
        reinterpret<f64>(least),
        hasSentinel,
        reinterpret<f64>(sentinel),
        mask,
        first,
        list,
      );
  }
}

/** Looks at a vector at once; few have an element that is large enough, so that only these are looked into. */
function among<T>(
  from: usize,
  count: u32,
  least: T,
  hasSentinel: i32,
  sentinel: T,
  mask: usize,
  first: u32,
  list: usize,
): u32 {
  const lanes: u32 = 16 / sizeof<T>();
  const low = v128.splat<T>(least);
  const looked = v128.splat<T>(sentinel);
  let found: u32 = 0;
  let k: u32 = 0;
  for (; k + lanes <= count; k += lanes) {
    const some = v128.load(from + <usize>k * sizeof<T>());
    let good = v128.ge<T>(some, low);
    if (isFloat<T>()) good = v128.and(good, v128.eq<T>(v128.sub<T>(some, some), v128.splat<T>(<T>0)));
    if (hasSentinel) good = v128.andnot(good, v128.eq<T>(some, looked));
    let bits = sizeof<T>() === 8 ? v128.bitmask<i64>(good) : 0;
    if (sizeof<T>() === 4) bits = v128.bitmask<i32>(good);
    if (sizeof<T>() === 2) bits = v128.bitmask<i16>(good);
    if (sizeof<T>() === 1) bits = v128.bitmask<i8>(good);
    if (mask === 0 && list === 0) {
      found += popcnt<i32>(bits);
      continue;
    }
    for (; bits !== 0; bits &= bits - 1) {
      const pixel = first + k + <u32>ctz<i32>(bits);
      if (mask !== 0 && load<u8>(mask + pixel) !== 0) continue;
      if (list !== 0) store<u32>(list + ((<usize>found) << 2), pixel);
      found++;
    }
  }
  return oneByOne<T>(from, k, count, least, hasSentinel, sentinel, mask, first, list, found);
}

function oneByOne<T>(
  from: usize,
  begin: u32,
  count: u32,
  least: T,
  hasSentinel: i32,
  sentinel: T,
  mask: usize,
  first: u32,
  list: usize,
  before: u32,
): u32 {
  let found = before;
  for (let k = begin; k < count; k++) {
    const element = load<T>(from + <usize>k * sizeof<T>());
    if (!(element >= least) || (hasSentinel && element === sentinel)) continue;
    if (isFloat<T>() && element - element !== <T>0) continue;
    if (mask !== 0 && load<u8>(mask + first + k) !== 0) continue;
    if (list !== 0) store<u32>(list + ((<usize>found) << 2), first + k);
    found++;
  }
  return found;
}
