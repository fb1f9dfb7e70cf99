// Turns frames into curves: the mean count over each ring around the centre. Loaded by threads.
import { NdArray, Operator } from "arroyojs";

/** Integrates frames of one size. */
export class AzimuthalIntegration extends Operator {
  #bins;
  #rings;
  #pixels;

  constructor({ size, bins }) {
    super();
    this.#bins = bins;
    this.#rings = new Uint16Array(size * size);
    this.#pixels = new Uint32Array(bins + 1);
    for (let y = 0; y < size; y += 1) {
      for (let x = 0; x < size; x += 1) {
        const ring = Math.floor((Math.hypot(x - size / 2 + 0.5, y - size / 2 + 0.5) / (size / 2)) * bins);
        this.#rings[y * size + x] = Math.min(bins, ring);
        this.#pixels[Math.min(bins, ring)] += 1;
      }
    }
  }

  /** Gives the curve of one frame. */
  curve(counts) {
    const rings = this.#rings;
    const sums = new Float64Array(this.#bins + 1);
    for (let pixel = 0; pixel < counts.length; pixel += 1) sums[rings[pixel]] += counts[pixel];
    return Float32Array.from(sums.subarray(0, this.#bins), (sum, ring) => sum / this.#pixels[ring]);
  }

  process(message) {
    if (message.type !== "event") return message;
    return message.with({ payload: new NdArray(this.curve(message.array("uint16").data)) });
  }
}
