import { type Beginning, from } from "./project.ts";

const SUM_OF_COUNTS: Beginning = {
  name: "sum-of-counts",
  about: "Sums the pixels of each image",
  className: "SumOfCounts",
  options: "{ leastCounts: 1000 }",
  operator: `import { type Event, type NdArray, Operator, type Start, type Stop } ${from("arroyojs")};

type Image = Event<{ image: number }, NdArray<"uint16">>;
type Sum = Event<{ image: number; counts: number }, Uint8Array>;

const NOTHING = new Uint8Array(0);

/** Sums the pixels of each image; an image with too few counts is left out. */
export class SumOfCounts extends Operator<Start | Image | Stop, Start | Sum | Stop> {
  readonly #leastCounts: number;

  constructor({ leastCounts = 0 } = {}) {
    super();
    this.#leastCounts = leastCounts;
  }

  override process(message: Start | Image | Stop): Start | Sum | Stop | undefined {
    if (message.type !== "event") return message; // Start and Stop pass through
    let counts = 0;
    for (const pixel of message.array("uint16").data) counts += pixel;
    if (counts < this.#leastCounts) return undefined; // counted as "filtered"
    return message.with({ metadata: { image: message.metadata.image, counts }, payload: NOTHING });
  }
}
`,
  test: `import assert from "node:assert/strict";
import { test } from "node:test";
import { Event, NdArray, Start, Stop } ${from("arroyojs")};
import { drive } ${from("arroyojs/testing")};
import { SumOfCounts } from "../sum-of-counts.ts";

const start = new Start({}, { run: "scan-1" });
const stop = new Stop({}, { run: "scan-1" });
const image = (number: number, ...pixels: number[]) =>
  new Event({ image: number }, new NdArray(Uint16Array.from(pixels), [1, pixels.length]), { run: "scan-1" });

test("counts are summed, and images with too few of them are left out", async () => {
  const messages = [start, image(1, 1, 2, 3), image(2, 0, 1, 0), stop];
  const { published, account } = await drive(new SumOfCounts({ leastCounts: 5 }), messages);
  const sums = published.flatMap((message) => (message.type === "event" ? [message.metadata] : []));
  assert.deepEqual(sums, [{ image: 1, counts: 6 }]);
  assert.deepEqual([account.received, account.finished, account.filtered], [4, 4, 1]);
});
`,
};

const DARK_CORRECTION: Beginning = {
  name: "dark-correction",
  about: "Subtracts from each image the mean of the dark images at the beginning of its run",
  className: "DarkCorrection",
  options: undefined,
  operator: `import { type Event, NdArray, Operator, type Start, type Stop } ${from("arroyojs")};

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
export class DarkCorrection extends Operator<Raw, Corrected> {
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
`,
  test: `import assert from "node:assert/strict";
import { test } from "node:test";
import { Event, NdArray, Start, Stop } ${from("arroyojs")};
import { drive } ${from("arroyojs/testing")};
import { DarkCorrection } from "../dark-correction.ts";

const start = new Start({ darkImages: 2 }, { run: "scan-1" });
const stop = new Stop({}, { run: "scan-1" });
const image = (number: number, ...pixels: number[]) =>
  new Event({ image: number }, new NdArray(Uint16Array.from(pixels), [1, pixels.length]), { run: "scan-1" });

test("the mean of the dark images is subtracted from the others", async () => {
  const messages = [start, image(1, 1, 3), image(2, 3, 5), image(3, 10, 20), stop];
  const { published, account } = await drive(new DarkCorrection(), messages);
  const images = published.flatMap((message) => (message.type === "event" ? [[...message.array().data]] : []));
  assert.deepEqual(images, [[8, 16]]);
  assert.equal(account.filtered, 2);
});
`,
};

const BATCHING: Beginning = {
  name: "batching",
  about: "Adds up several images at a time, and fewer when the detector pauses",
  className: "Batch",
  options: "{ size: 10 }",
  operator: `import { type Context, Event, type FlushReason, NdArray, Operator, type Start, type Stop } ${from("arroyojs")};

type Raw = Start | Event<{ image: number }, NdArray<"uint16">> | Stop;
type Sum = Event<{ images: number }, NdArray<"uint32">>;
type Summed = Start | Sum | Stop;

interface Sums {
  readonly run: string;
  sum: Uint32Array;
  shape: readonly number[];
  images: number;
}

/** Sums the images of a run in batches; images are not finished before their sum is out. */
export class Batch extends Operator<Raw, Summed> {
  readonly #size: number;
  readonly #runs = this.perRun(({ run }): Sums => ({ run, sum: new Uint32Array(0), shape: [], images: 0 }));

  constructor({ size = 10 } = {}) {
    super();
    this.#size = size;
  }

  override process(message: Raw, context: Context): Summed | readonly Summed[] | undefined {
    if (message.type === "start") return message;
    const state = this.#runs.of(message);
    if (message.type === "stop") {
      context.release();
      return [...this.#take(state), message];
    }
    const { data, shape } = message.array("uint16");
    if (state.images === 0) [state.sum, state.shape] = [new Uint32Array(data.length), shape];
    for (let at = 0; at < data.length; at += 1) state.sum[at] = (state.sum[at] ?? 0) + (data[at] ?? 0);
    state.images += 1;
    context.hold();
    context.flushIn(1000);
    if (state.images < this.#size) return undefined;
    context.release();
    return this.#take(state);
  }

  override flush(_reason: FlushReason, context: Context): readonly Sum[] {
    context.release();
    return [...this.#runs.values()].flatMap((state) => this.#take(state));
  }

  #take(state: Sums): Sum[] {
    const { run, images, sum, shape } = state;
    if (images === 0) return [];
    state.images = 0;
    return [new Event({ images }, new NdArray(sum, shape), { run })];
  }
}
`,
  test: `import assert from "node:assert/strict";
import { test } from "node:test";
import { Event, NdArray, Start, Stop } ${from("arroyojs")};
import { drive } ${from("arroyojs/testing")};
import { Batch } from "../batching.ts";

const start = new Start({}, { run: "scan-1" });
const stop = new Stop({}, { run: "scan-1" });
const image = (number: number, ...pixels: number[]) =>
  new Event({ image: number }, new NdArray(Uint16Array.from(pixels), [1, pixels.length]), { run: "scan-1" });

test("images are summed two by two, and the last one alone", async () => {
  const messages = [start, image(1, 1, 2), image(2, 3, 4), image(3, 5, 6), stop];
  const { published, account } = await drive(new Batch({ size: 2 }), messages);
  const sums = published.flatMap((message) => (message.type === "event" ? [[...message.array("uint32").data]] : []));
  assert.deepEqual(sums, [[4, 6], [5, 6]]);
  assert.deepEqual([account.finished, account.left], [5, 0]);
});
`,
};

/** What a new project can begin with; the first one where nothing is said. */
export const BEGINNINGS: readonly [Beginning, ...Beginning[]] = [SUM_OF_COUNTS, DARK_CORRECTION, BATCHING];
