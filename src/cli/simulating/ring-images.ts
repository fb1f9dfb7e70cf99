import { NdArray } from "../../message/ndarray.ts";

/** Names an element type in which images are made. */
export type PixelType = "uint8" | "uint16" | "uint32" | "int32" | "float32";

/** Says what images look like. */
export interface RingOptions {
  /** Rows and columns. */
  readonly shape: readonly [number, number];
  readonly dtype: PixelType;
  readonly seed: number;
}

/** Is what an analysis of the images should find. */
export interface Answer {
  /** Row and column of the middle of the rings, in pixels from the middle of the first pixel. */
  readonly centre: readonly [number, number];
  /** In pixels. */
  readonly radii: readonly number[];
  /** Rows and columns of the pixels that always have the largest value of their type, sorted. */
  readonly hot: readonly (readonly [number, number])[];
  readonly seed: number;
}

/** Radius in parts of half of the shorter edge, height in parts of the highest, width in the same parts as the radius. */
const RINGS: readonly (readonly [number, number, number])[] = [
  [0.24, 1, 0.014],
  [0.34, 0.47, 0.014],
  [0.42, 0.71, 0.015],
  [0.55, 0.29, 0.016],
  [0.68, 0.37, 0.017],
  [0.83, 0.16, 0.018],
];
const CLASSES = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
};
const LARGEST = { uint8: 255, uint16: 65_535, uint32: 2 ** 32 - 1, int32: 2 ** 31 - 1, float32: 1e9 };
/** What the highest ring has: enough of the range of the smallest type. */
const PEAK = { uint8: 180, uint16: 900, uint32: 900, int32: 900, float32: 900 };
const NOISE = 1 << 16;
const MOST_HOT = 20;
/** Images that are made anew; then they come again. */
const MOST_IMAGES = 16;
const MOST_BYTES = 128 * 1024 * 1024;

/** Makes what an area detector sees of a powder: rings, a falling background, noise and hot pixels. */
export class RingImages {
  readonly answer: Answer;
  readonly #options: RingOptions;
  readonly #expected: Float32Array;
  readonly #noise: Float32Array;
  readonly #images: NdArray[] = [];
  readonly #count: number;
  #state: number;

  constructor(options: RingOptions) {
    const { shape, dtype, seed } = options;
    const [rows, columns] = shape;
    this.#options = options;
    this.#state = seed | 0;
    const half = Math.min(rows, columns) / 2;
    const off = (edge: number): number => round((edge - 1) / 2 + (this.#random() - 0.5) * 0.1 * half);
    const centre = [off(rows), off(columns)] as const;
    const pixels = rows * columns;
    const hot = new Set(
      Array.from({ length: Math.min(MOST_HOT, Math.floor(pixels / 64)) }, () => Math.floor(this.#random() * pixels)),
    );
    const places = [...hot].sort((one, other) => one - other);
    this.answer = {
      centre,
      radii: RINGS.map(([at]) => round(at * half)),
      hot: places.map((pixel) => [Math.floor(pixel / columns), pixel % columns] as const),
      seed,
    };
    this.#noise = Float32Array.from({ length: NOISE }, () => this.#normal());
    this.#expected = expectedCounts(shape, centre, half, PEAK[dtype]);
    const bytes = pixels * CLASSES[dtype].BYTES_PER_ELEMENT;
    this.#count = Math.max(1, Math.min(MOST_IMAGES, Math.floor(MOST_BYTES / bytes)));
  }

  /** Gives the image of a number, always the same one for a seed. */
  image(number: number): NdArray {
    const index = number % this.#count;
    for (let next = this.#images.length; next <= index; next += 1) this.#images.push(this.#made());
    return this.#images[index] as NdArray;
  }

  #made(): NdArray {
    const { shape, dtype } = this.#options;
    const counts = new CLASSES[dtype](this.#expected.length);
    const largest = LARGEST[dtype];
    const shift = Math.floor(this.#random() * NOISE);
    for (let pixel = 0; pixel < counts.length; pixel += 1) {
      const expected = this.#expected[pixel] as number;
      // Close enough to Poisson; the table makes it quick.
      const count = expected + Math.sqrt(expected) * (this.#noise[(pixel * 31 + shift) & (NOISE - 1)] as number);
      counts[pixel] = Math.min(largest - 1, Math.max(0, Math.round(count)));
    }
    for (const [row, column] of this.answer.hot) counts[row * shape[1] + column] = largest;
    return new NdArray(counts as Uint16Array, shape) as unknown as NdArray;
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

function expectedCounts(
  [rows, columns]: readonly [number, number],
  [y0, x0]: readonly [number, number],
  half: number,
  peak: number,
): Float32Array {
  const expected = new Float32Array(rows * columns);
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const radius = Math.hypot(x - x0, y - y0) / half;
      let part = 0.045 * Math.exp(-2 * radius) + 0.006;
      for (const [at, height, width] of RINGS) part += height * Math.exp(-(((radius - at) / width) ** 2));
      expected[y * columns + x] = peak * part;
    }
  }
  return expected;
}

/** Gives a number that a person can read, and that is the one that images are made with. */
function round(number: number): number {
  return Math.round(number * 1000) / 1000;
}
