// Sums of elements by bin, from lists: for each tile of a frame its runs, and of each run the places of its pixels
// in the tile. Nothing is stored but one sum a run: loads alone are faster than to load, add and store for each pixel.
// The tile lies at a place that is known when this is compiled: an address is then one addition less.

/** Where a tile is, behind the tables of sum-bins.as.ts; wasm-summing.ts takes this room first. */
const TILE: usize = 69888;

/**
 * Sums the runs of one tile. A run is the place of its sum, and where its entries end; entries are the places of pixels,
 * in bytes and in fours, the last of which may be those of a pixel that is 0.
 */
export function sumByteRuns(runs: usize, count: u32, entries: usize, sums: usize, signed: i32): void {
  if (signed) summedRuns<i8>(runs, count, entries, sums);
  else summedRuns<u8>(runs, count, entries, sums);
}

/** Does the same with elements of 16 bits. */
export function sumShortRuns(runs: usize, count: u32, entries: usize, sums: usize, signed: i32): void {
  if (signed) summedRuns<i16>(runs, count, entries, sums);
  else summedRuns<u16>(runs, count, entries, sums);
}

function summedRuns<T>(runs: usize, count: u32, entries: usize, sums: usize): void {
  let entry = entries;
  const last = runs + ((<usize>count) << 3);
  for (let run = runs; run < last; run += 8) {
    const end = entries + load<u32>(run, 4);
    // A tile is so small that no sum of its elements leaves 32 bits.
    let one: i32 = 0;
    let two: i32 = 0;
    for (; entry < end; entry += 8) {
      const places = load<u64>(entry);
      one += <i32>load<T>(<usize>(places & 0xffff), TILE);
      two += <i32>load<T>(<usize>((places >> 16) & 0xffff), TILE);
      one += <i32>load<T>(<usize>((places >> 32) & 0xffff), TILE);
      two += <i32>load<T>(<usize>(places >> 48), TILE);
    }
    const slot = sums + load<u32>(run);
    store<f64>(slot, load<f64>(slot) + <f64>(one + two));
  }
}

/** Does the same with elements of 32 bits: integers without a sign (0), with one (1), floats (2). */
export function sumWordRuns(runs: usize, count: u32, entries: usize, sums: usize, kind: i32): void {
  if (kind === 0) widelySummedRuns<u32, i64>(runs, count, entries, sums);
  else if (kind === 1) widelySummedRuns<i32, i64>(runs, count, entries, sums);
  else widelySummedRuns<f32, f64>(runs, count, entries, sums);
}

function widelySummedRuns<T, S>(runs: usize, count: u32, entries: usize, sums: usize): void {
  let entry = entries;
  const last = runs + ((<usize>count) << 3);
  for (let run = runs; run < last; run += 8) {
    const end = entries + load<u32>(run, 4);
    let one: S = 0;
    let two: S = 0;
    for (; entry < end; entry += 8) {
      const places = load<u64>(entry);
      one += <S>load<T>(<usize>(places & 0xffff), TILE);
      two += <S>load<T>(<usize>((places >> 16) & 0xffff), TILE);
      one += <S>load<T>(<usize>((places >> 32) & 0xffff), TILE);
      two += <S>load<T>(<usize>(places >> 48), TILE);
    }
    const slot = sums + load<u32>(run);
    store<f64>(slot, load<f64>(slot) + <f64>(one + two));
  }
}

/** Lists the pixels of a tile that equal the sentinel, and makes them 0; gives how many they are. */
export function clearBytes(count: u32, sentinel: i32, list: usize, first: u32): u32 {
  return cleared<u8>(count, sentinel, list, first);
}

/** Does the same with elements of 16 bits. */
export function clearShorts(count: u32, sentinel: i32, list: usize, first: u32): u32 {
  return cleared<u16>(count, sentinel, list, first);
}

/** Does the same with integers of 32 bits. */
export function clearWords(count: u32, sentinel: i32, list: usize, first: u32): u32 {
  return cleared<u32>(count, sentinel, list, first);
}

/** Does the same with floats of 32 bits, of which those that are not finite are not valid either. */
export function clearFloats(count: u32, hasSentinel: i32, sentinel: f64, list: usize, first: u32): u32 {
  const zero = f32x4.splat(0);
  // Nothing equals what is no number.
  const looked = f32x4.splat(hasSentinel ? <f32>sentinel : f32.NaN);
  let listed: u32 = 0;
  let k: u32 = 0;
  for (; k + 8 <= count; k += 8) {
    const at = (<usize>k) << 2;
    const low = v128.load(at, TILE);
    const high = v128.load(at, TILE + 16);
    const hits = v128.or(
      v128.or(f32x4.ne(f32x4.sub(low, low), zero), f32x4.eq(low, looked)),
      v128.or(f32x4.ne(f32x4.sub(high, high), zero), f32x4.eq(high, looked)),
    );
    if (v128.any_true(hits)) listed = clearedFloats(k, k + 8, hasSentinel, sentinel, list, listed, first);
  }
  return clearedFloats(k, count, hasSentinel, sentinel, list, listed, first);
}

function clearedFloats(from: u32, to: u32, hasSentinel: i32, sentinel: f64, list: usize, before: u32, first: u32): u32 {
  let listed = before;
  for (let k = from; k < to; k++) {
    const at = (<usize>k) << 2;
    const value = load<f32>(at, TILE);
    if (value - value === 0 && !(hasSentinel && <f64>value === sentinel)) continue;
    store<f32>(at, 0, TILE);
    store<u32>(list + ((<usize>listed) << 2), first + k);
    listed++;
  }
  return listed;
}

function cleared<T>(count: u32, sentinel: i32, list: usize, first: u32): u32 {
  const lanes: u32 = 16 / <u32>sizeof<T>();
  const looked =
    sizeof<T>() === 1
      ? i8x16.splat(<i8>sentinel)
      : sizeof<T>() === 2
        ? i16x8.splat(<i16>sentinel)
        : i32x4.splat(sentinel);
  let listed: u32 = 0;
  let k: u32 = 0;
  for (; k + lanes * 4 <= count; k += lanes * 4) {
    const at = <usize>k * sizeof<T>();
    const hits = v128.or(
      v128.or(equal<T>(v128.load(at, TILE), looked), equal<T>(v128.load(at, TILE + 16), looked)),
      v128.or(equal<T>(v128.load(at, TILE + 32), looked), equal<T>(v128.load(at, TILE + 48), looked)),
    );
    if (v128.any_true(hits)) listed = clearedOnes<T>(k, k + lanes * 4, sentinel, list, listed, first);
  }
  return clearedOnes<T>(k, count, sentinel, list, listed, first);
}

function equal<T>(elements: v128, looked: v128): v128 {
  if (sizeof<T>() === 1) return i8x16.eq(elements, looked);
  return sizeof<T>() === 2 ? i16x8.eq(elements, looked) : i32x4.eq(elements, looked);
}

function clearedOnes<T>(from: u32, to: u32, sentinel: i32, list: usize, before: u32, first: u32): u32 {
  let listed = before;
  for (let k = from; k < to; k++) {
    const at = <usize>k * sizeof<T>();
    if (load<T>(at, TILE) !== <T>sentinel) continue;
    store<T>(at, 0, TILE);
    store<u32>(list + ((<usize>listed) << 2), first + k);
    listed++;
  }
  return listed;
}
