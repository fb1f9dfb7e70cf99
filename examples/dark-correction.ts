// Subtracts the dark image from every image: the first images of a run are taken with the shutter closed, and their mean
// is the dark image of that run. Run it with: npx tsx examples/dark-correction.ts
import { Block, Event, type Inlet, Listener, NdArray, Operator, Publisher, run, Start, Stop } from "arroyojs";

/** What the data acquisition says of a scan when it begins. */
interface Scan {
  readonly darkImages: number;
}

type Raw = Start<Scan> | Event<{ image: number }, NdArray<"uint16">> | Stop;
type Corrected = Start<Scan> | Event<{ image: number }, NdArray<"float32">> | Stop;

/** Keeps the mean of images without keeping the images. */
class RunningMean {
  #mean: Float64Array | undefined;
  #images = 0;

  add(pixels: Uint16Array): void {
    this.#mean ??= new Float64Array(pixels.length);
    this.#images += 1;
    for (const [at, pixel] of pixels.entries()) {
      const mean = this.#mean[at] ?? 0;
      this.#mean[at] = mean + (pixel - mean) / this.#images;
    }
  }

  subtractedFrom(pixels: Uint16Array): Float32Array {
    return Float32Array.from(pixels, (pixel, at) => pixel - (this.#mean?.[at] ?? 0));
  }
}

/** Corrects the images of each run with the dark images at its beginning. */
class DarkCorrection extends Operator<Raw, Corrected> {
  // Each run has a state of its own, made from its Start and dropped after its Stop; several runs may be open at once.
  readonly #runs = this.perRun((start: Start<Scan>) => ({ dark: new RunningMean(), left: start.data.darkImages }));

  override process(message: Raw): Corrected | undefined {
    if (message.type !== "event") return message; // Start and Stop pass through
    const state = this.#runs.of(message);
    const image = message.array("uint16");
    if (state.left > 0) {
      state.left -= 1;
      state.dark.add(image.data);
      return undefined; // counted as "filtered"
    }
    // The envelope (run, time, origin) stays, the content is new.
    return message.with({ payload: new NdArray(state.dark.subtractedFrom(image.data), image.shape) });
  }
}

/** Stands for a detector: two runs; the second one has a darker sensor. */
class Detector extends Listener<Raw> {
  override async start(inlet: Inlet<Raw>): Promise<void> {
    inlet.ready();
    for (const [run, offset] of [
      ["scan-1", 20],
      ["scan-2", 5],
    ] as const) {
      await inlet.put(new Start({ darkImages: 3 }, { run }));
      for (let image = 1; image <= 6; image += 1) {
        const signal = image <= 3 ? 0 : 100 * image;
        const pixels = Uint16Array.from({ length: 16 }, (_, at) => offset + at + signal);
        await inlet.put(new Event({ image }, new NdArray(pixels, [4, 4]), { run }));
      }
      await inlet.put(new Stop({}, { run }));
    }
  }
}

class Print extends Publisher<Corrected> {
  override publish(message: Corrected): void {
    if (message.type !== "event") return;
    const { data, shape } = message.array();
    console.log(`${message.run} image ${message.metadata.image}, ${shape.join(" x ")}: pixel 0 = ${data[0]}`);
  }
}

await run(
  new Block({
    name: "dark-correction",
    listeners: [new Detector()],
    operator: new DarkCorrection(),
    publishers: [new Print()],
  }),
);
