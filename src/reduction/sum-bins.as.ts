// Sums of pixels by bin, where each pixel belongs to one bin. A bin of its own, behind all others, takes what is masked.
// Neighbours mostly fall into the same bin or the next, and a sum that was just stored is slow to load: each pixel of
// four has a table of its own. Those tables lie at places that are known when this is compiled, and bins are given as
// places in them: an address is then one addition less.

/** Where the four tables of small sums are, for up to 4096 bins; wasm-summing.ts takes this room first. */
const TABLES: usize = 4096;
/** From one to the next; no multiple of 4096, or stores to one would delay loads of another. */
const STRIDE: usize = 16448;

/** Sums bytes of a batch, of at most 32 768 elements, into four tables of 32-bit sums; gives how many are not valid. */
export function sumByte(
  from: usize,
  count: u32,
  bins: usize,
  signed: i32,
  sentinel: i32,
  list: usize,
  first: u32,
): u32 {
  return signed
    ? summed<i8>(from, count, bins, sentinel, list, first)
    : summed<u8>(from, count, bins, sentinel, list, first);
}

/** Does the same with elements of 16 bits. A sentinel beyond their range means none. */
export function sumShort(
  from: usize,
  count: u32,
  bins: usize,
  signed: i32,
  sentinel: i32,
  list: usize,
  first: u32,
): u32 {
  return signed
    ? summed<i16>(from, count, bins, sentinel, list, first)
    : summed<u16>(from, count, bins, sentinel, list, first);
}

function summed<T>(from: usize, count: u32, bins: usize, sentinel: i32, list: usize, first: u32): u32 {
  const lanes: u32 = 16 / <u32>sizeof<T>();
  const looked = sizeof<T>() === 1 ? i8x16.splat(<i8>sentinel) : i16x8.splat(<i16>sentinel);
  const has = <i32>(<T>sentinel) === sentinel;
  let listed: u32 = 0;
  let k: u32 = 0;
  for (; k + lanes <= count; k += lanes) {
    const at = from + <usize>k * sizeof<T>();
    const place = bins + ((<usize>k) << 1);
    const elements = v128.load(at);
    const hits = sizeof<T>() === 1 ? i8x16.eq(elements, looked) : i16x8.eq(elements, looked);
    if (has && v128.any_true(hits)) {
      listed = carefully<T>(at, lanes, place, sentinel, list, listed, first + k);
      continue;
    }
    four<T>(at, place);
    four<T>(at + 4 * sizeof<T>(), place + 8);
    if (sizeof<T>() === 1) {
      four<T>(at + 8, place + 16);
      four<T>(at + 12, place + 24);
    }
  }
  const sought = has ? sentinel : i32.MAX_VALUE;
  return carefully<T>(
    from + <usize>k * sizeof<T>(),
    count - k,
    bins + ((<usize>k) << 1),
    sought,
    list,
    listed,
    first + k,
  );
}

/** Adds four elements, each to a table of its own. Two loads bring all four, for loads are what there is most of. */
function four<T>(elements: usize, bins: usize): void {
  const slots = load<u64>(bins);
  const all = sizeof<T>() === 1 ? <u64>load<u32>(elements) : load<u64>(elements);
  const bits: u64 = 8 * sizeof<T>();
  const first = <usize>(slots & 0xffff);
  const second = <usize>((slots >> 16) & 0xffff);
  const third = <usize>((slots >> 32) & 0xffff);
  const fourth = <usize>(slots >> 48);
  store<i32>(first, load<i32>(first, TABLES) + <i32>(<T>all), TABLES);
  store<i32>(second, load<i32>(second, TABLES + STRIDE) + <i32>(<T>(all >> bits)), TABLES + STRIDE);
  store<i32>(third, load<i32>(third, TABLES + STRIDE * 2) + <i32>(<T>(all >> (bits * 2))), TABLES + STRIDE * 2);
  store<i32>(fourth, load<i32>(fourth, TABLES + STRIDE * 3) + <i32>(<T>(all >> (bits * 3))), TABLES + STRIDE * 3);
}

function carefully<T>(from: usize, count: u32, bins: usize, sentinel: i32, list: usize, listed: u32, first: u32): u32 {
  for (let k: u32 = 0; k < count; k++) {
    if (<i32>load<T>(from + <usize>k * sizeof<T>()) === sentinel) {
      store<u32>(list + ((<usize>listed) << 2), first + k);
      listed++;
      continue;
    }
    const slot = <usize>load<u16>(bins + ((<usize>k) << 1));
    store<i32>(slot, load<i32>(slot, TABLES) + <i32>load<T>(from + <usize>k * sizeof<T>()), TABLES);
  }
  return listed;
}

/** Adds the four tables to the sums, and empties them. */
export function fold(count: u32, sums: usize): void {
  const zero = i32x4.splat(0);
  // Sums have room for a multiple of four bins.
  for (let k: usize = 0; k < <usize>count; k += 4) {
    const at = k << 2;
    // 32 768 elements of 16 bits stay below 32 bits with a sign, even if all are in one table; their sum does not.
    const a = v128.load(at, TABLES);
    const b = v128.load(at, TABLES + STRIDE);
    const c = v128.load(at, TABLES + STRIDE * 2);
    const d = v128.load(at, TABLES + STRIDE * 3);
    v128.store(at, zero, TABLES);
    v128.store(at, zero, TABLES + STRIDE);
    v128.store(at, zero, TABLES + STRIDE * 2);
    v128.store(at, zero, TABLES + STRIDE * 3);
    const to = sums + (k << 3);
    v128.store(to, f64x2.add(v128.load(to), f64x2.add(pair(a, b), pair(c, d))));
    v128.store(to, f64x2.add(v128.load(to, 16), f64x2.add(pair(high(a), high(b)), pair(high(c), high(d)))), 16);
  }
}

function pair(a: v128, b: v128): v128 {
  return f64x2.add(f64x2.convert_low_i32x4_s(a), f64x2.convert_low_i32x4_s(b));
}

function high(a: v128): v128 {
  return i8x16.shuffle(a, a, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
}

/** Sums float64 values by bins of 32 bits; what is not valid was made 0 before. */
export function sumValues(from: usize, count: u32, bins: usize, sums: usize): void {
  for (let k: usize = 0; k < <usize>count; k++) {
    const slot = sums + ((<usize>load<u32>(bins + (k << 2))) << 3);
    store<f64>(slot, load<f64>(slot) + load<f64>(from + (k << 3)));
  }
}

/** Sums pairs by bin: the value, and its variance, which is at least 1; what is not valid is NaN. */
export function sumValuesWithErrors(from: usize, count: u32, bins: usize, pairs: usize): void {
  for (let k: usize = 0; k < <usize>count; k++) {
    const value = load<f64>(from + (k << 3));
    if (F64.isNaN(value)) continue;
    const slot = pairs + ((<usize>load<u32>(bins + (k << 2))) << 4);
    const both = f64x2.replace_lane(f64x2.splat(value), 1, max<f64>(1, value));
    v128.store(slot, f64x2.add(v128.load(slot), both));
  }
}
