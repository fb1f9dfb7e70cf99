// Keeps mean, squares, least and most of pixels over frames, two pixels at once. Does in the same order what
// PixelMoments does, so that the results are equal to the last bit.

/**
 * Adds `count` values, of which those that are not valid are NaN. Tables that are not kept are 0; `decay` is 0 where all
 * frames weigh the same.
 */
export function addMoments(
  values: usize,
  count: u32,
  counts: usize,
  means: usize,
  squares: usize,
  least: usize,
  most: usize,
  decay: f64,
): void {
  const one = f64x2.splat(1);
  const fading = f64x2.splat(decay);
  // Tables are long enough for the last pixel alone to be taken as two.
  for (let k: usize = 0; k < <usize>count; k += 2) {
    const at = k << 3;
    const value = v128.load(values + at);
    const valid = f64x2.eq(value, value);
    // The two masks of 64 bits as two of 32.
    const narrow = i8x16.shuffle(valid, valid, 0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11);
    const counted = i32x4.sub(v128.load64_zero(counts + (k << 2)), narrow);
    v128.store64_lane(counts + (k << 2), counted, 0);
    if (least !== 0) {
      const before = v128.load(least + at);
      v128.store(least + at, v128.bitselect(value, before, f64x2.lt(value, before)));
    }
    if (most !== 0) {
      const before = v128.load(most + at);
      v128.store(most + at, v128.bitselect(value, before, f64x2.gt(value, before)));
    }
    if (means === 0) continue;
    const number = f64x2.convert_low_i32x4_u(counted);
    const isFirst = f64x2.eq(number, one);
    let weight = f64x2.div(one, number);
    if (decay !== 0) weight = v128.bitselect(weight, fading, isFirst);
    const mean = v128.load(means + at);
    const away = f64x2.sub(value, mean);
    const moved = f64x2.add(mean, f64x2.mul(weight, away));
    v128.store(means + at, v128.bitselect(moved, mean, valid));
    if (squares === 0) continue;
    const square = v128.load(squares + at);
    let next: v128;
    if (decay === 0) {
      next = f64x2.add(square, f64x2.mul(away, f64x2.sub(value, moved)));
    } else {
      const spread = f64x2.add(square, f64x2.mul(f64x2.mul(weight, away), away));
      next = v128.bitselect(f64x2.splat(0), f64x2.mul(f64x2.sub(one, weight), spread), isFirst);
    }
    v128.store(squares + at, v128.bitselect(next, square, valid));
  }
}
