// Sums of pixels by bin, where a pixel belongs to several bins by parts: for each bin its pixels and their weights.

/** Sums the weighted values of each bin; what is not valid was made 0 before. */
export function gather(from: usize, starts: usize, pixels: usize, weights: usize, bins: u32, sums: usize): void {
  let entry: usize = load<u32>(starts);
  for (let bin: usize = 0; bin < <usize>bins; bin++) {
    const end: usize = load<u32>(starts + ((bin + 1) << 2));
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (; entry + 4 <= end; entry += 4) {
      const at = pixels + (entry << 2);
      let four = v128.load32_zero(from + ((<usize>load<u32>(at)) << 2));
      four = v128.load_lane<f32>(from + ((<usize>load<u32>(at, 4)) << 2), four, 1);
      four = v128.load_lane<f32>(from + ((<usize>load<u32>(at, 8)) << 2), four, 2);
      four = v128.load_lane<f32>(from + ((<usize>load<u32>(at, 12)) << 2), four, 3);
      const product = f32x4.mul(four, v128.load(weights + (entry << 2)));
      low = f64x2.add(low, f64x2.promote_low_f32x4(product));
      high = f64x2.add(
        high,
        f64x2.promote_low_f32x4(
          i8x16.shuffle(product, product, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15),
        ),
      );
    }
    low = f64x2.add(low, high);
    let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
    for (; entry < end; entry++) {
      const value = load<f32>(from + ((<usize>load<u32>(pixels + (entry << 2))) << 2));
      sum += <f64>value * <f64>load<f32>(weights + (entry << 2));
    }
    store<f64>(sums + (bin << 3), sum);
  }
}

/** Sums pairs: the weighted value, and its variance, which is at least 1, by the square of the weight; NaN is left out. */
export function gatherWithErrors(
  from: usize,
  starts: usize,
  pixels: usize,
  weights: usize,
  bins: u32,
  pairs: usize,
): void {
  let entry: usize = load<u32>(starts);
  for (let bin: usize = 0; bin < <usize>bins; bin++) {
    const end: usize = load<u32>(starts + ((bin + 1) << 2));
    let sum: f64 = 0;
    let variance: f64 = 0;
    for (; entry < end; entry++) {
      const value = <f64>load<f32>(from + ((<usize>load<u32>(pixels + (entry << 2))) << 2));
      if (F64.isNaN(value)) continue;
      const weight = <f64>load<f32>(weights + (entry << 2));
      sum += value * weight;
      variance += max<f64>(1, value) * weight * weight;
    }
    store<f64>(pairs + (bin << 4), sum);
    store<f64>(pairs + (bin << 4), variance, 8);
  }
}
