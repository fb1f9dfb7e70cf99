/** Simulates what an area detector sees of a powder: rings, a falling background, noise, and some hot pixels. */
export class Rings {
  readonly size: number;
  readonly #expected: Float32Array;
  readonly #hot: Uint32Array;
  readonly #noise: Float32Array;
  #state: number;

  constructor(size: number, seed = 1) {
    this.size = size;
    this.#state = seed;
    this.#expected = expectedCounts(size);
    this.#hot = Uint32Array.from({ length: 20 }, () => Math.floor(this.#random() * size * size));
    this.#noise = Float32Array.from({ length: 1 << 16 }, () => this.#normal());
  }

  /** Makes the next frame, row by row. */
  frame(): Uint16Array {
    const counts = new Uint16Array(this.size * this.size);
    const shift = Math.floor(this.#random() * 65_536);
    for (let pixel = 0; pixel < counts.length; pixel += 1) {
      const expected = this.#expected[pixel] as number;
      // Close enough to Poisson for tens of counts; the table makes it quick.
      const count = expected + Math.sqrt(expected) * (this.#noise[(pixel * 31 + shift) & 65_535] as number);
      counts[pixel] = Math.max(0, count);
    }
    for (const pixel of this.#hot) counts[pixel] = 65_535;
    return counts;
  }

  /** Gives numbers from 0 to 1, always the same ones for a seed. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }
}

/** Radius in parts of the half width, height, width of each ring. */
const PEAKS: readonly (readonly [number, number, number])[] = [
  [0.24, 900, 0.012],
  [0.34, 420, 0.012],
  [0.42, 640, 0.013],
  [0.55, 260, 0.014],
  [0.68, 330, 0.015],
  [0.83, 140, 0.016],
];

function expectedCounts(size: number): Float32Array {
  const expected = new Float32Array(size * size);
  const half = size / 2;
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const radius = Math.hypot(x - half + 0.5, y - half + 0.5) / half;
      let counts = 40 * Math.exp(-2 * radius) + 5;
      for (const [at, height, width] of PEAKS) counts += height * Math.exp(-(((radius - at) / width) ** 2));
      expected[y * size + x] = counts;
    }
  }
  return expected;
}
