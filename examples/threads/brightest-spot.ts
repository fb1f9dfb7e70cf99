import { Event, type NdArray, Operator, type Start, Stop } from "arroyojs";

export type Image = Event<{ image: number }, NdArray<"uint16">>;
export type Spot = Event<{ image: number; x: number; y: number; counts: number }>;

/** Finds the brightest spot of an image: the square of pixels with the most counts. Each thread makes one of these. */
export class BrightestSpot extends Operator<Start | Image | Stop, Start | Spot | Stop<{ images: number }>> {
  readonly #width: number;
  readonly #runs = this.perRun(() => ({ images: 0 })); // of the run, in this thread

  constructor({ width }: { readonly width: number }) {
    super();
    this.#width = width;
  }

  override process(message: Start | Image | Stop): Start | Spot | Stop<{ images: number }> {
    if (message.type === "start") return message;
    const state = this.#runs.of(message);
    if (message.type === "stop") return new Stop({ images: state.images }, message.envelope);
    state.images += 1;
    return new Event({ image: message.metadata.image, ...this.#brightest(message.array("uint16")) }, new Uint8Array(0));
  }

  /** Each thread saw a part of the run: one Stop of theirs goes out. */
  static mergeStops(stops: readonly Stop<{ images: number }>[]): Stop<{ images: number }> {
    const [first] = stops as [Stop<{ images: number }>];
    return new Stop({ images: stops.reduce((sum, { data }) => sum + data.images, 0) }, first.envelope);
  }

  #brightest({ data, shape }: NdArray<"uint16">): { x: number; y: number; counts: number } {
    const [rows, columns] = shape as [number, number];
    let best = { x: 0, y: 0, counts: -1 };
    for (let y = 0; y + this.#width <= rows; y += 1) {
      for (let x = 0; x + this.#width <= columns; x += 1) {
        let counts = 0;
        for (let dy = 0; dy < this.#width; dy += 1) {
          for (let dx = 0; dx < this.#width; dx += 1) counts += data[(y + dy) * columns + x + dx] as number;
        }
        if (counts > best.counts) best = { x, y, counts };
      }
    }
    return best;
  }
}
