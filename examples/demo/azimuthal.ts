import { type Event, NdArray, Operator, type Start, type Stop } from "arroyojs";

/** What the detector says when a scan starts. */
export interface Scan extends Record<string, unknown> {
  readonly size: number;
  readonly frames: number;
}

/** What comes with each frame. */
export interface Frame extends Record<string, unknown> {
  readonly frame: number;
}

export type In = Start<Scan> | Event<Frame, NdArray<"uint16">> | Stop;
export type Out = Start<Scan> | Event<Frame, NdArray<"float32">> | Stop;

/** A pixel that reads so much is broken. */
const HOT = 65_535;

/** Turns each frame into a curve: the mean count over each ring around the centre. */
export class AzimuthalIntegration extends Operator<In, Out> {
  readonly #bins: number;
  readonly #runs = this.perRun((start: Start<Scan>) => ringOfPixel(start.data.size, this.#bins));

  constructor({ bins }: { readonly bins: number }) {
    super();
    this.#bins = bins;
  }

  override process(message: In): Out {
    if (message.type !== "event") return message;
    const rings = this.#runs.of(message);
    const counts = message.array("uint16").data;
    const sums = new Float64Array(this.#bins);
    const pixels = new Uint32Array(this.#bins);
    for (let pixel = 0; pixel < counts.length; pixel += 1) {
      const count = counts[pixel] as number;
      const ring = rings[pixel] as number;
      if (count === HOT || ring >= this.#bins) continue;
      sums[ring] = (sums[ring] as number) + count;
      pixels[ring] = (pixels[ring] as number) + 1;
    }
    const curve = Float32Array.from(sums, (sum, ring) => sum / Math.max(1, pixels[ring] as number));
    return message.with({ payload: new NdArray<"float32">(curve) });
  }
}

/** Says for each pixel to which ring it belongs; worked out once for a run. */
function ringOfPixel(size: number, bins: number): Uint16Array {
  const half = size / 2;
  const rings = new Uint16Array(size * size);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      rings[y * size + x] = Math.floor((Math.hypot(x - half + 0.5, y - half + 0.5) / half) * bins);
    }
  }
  return rings;
}
