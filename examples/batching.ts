// Adds up ten images at a time, and fewer when the detector pauses. The ten are not finished before their sum is out:
// where the source can give messages again, a crash in between loses none. Run it with: npx tsx examples/batching.ts
import { setTimeout as sleep } from "node:timers/promises";
import {
  Block,
  type Context,
  Event,
  type FlushReason,
  type Inlet,
  Listener,
  NdArray,
  Operator,
  Publisher,
  run,
  Start,
  Stop,
} from "arroyojs";

type Raw = Start | Event<{ image: number }, NdArray<"uint16">> | Stop;
type Sum = Event<{ images: number }, NdArray<"uint32">>;
type Summed = Start | Sum | Stop;

/** Sums the images of a run in batches. */
class Batch extends Operator<Raw, Summed> {
  readonly #size: number;
  readonly #runs = this.perRun(({ run }) => ({ run, sum: new Uint32Array(16), images: 0 }));

  constructor(size: number) {
    super();
    this.#size = size;
  }

  override process(message: Raw, context: Context): Summed | readonly Summed[] | undefined {
    if (message.type === "start") return message;
    const state = this.#runs.of(message);
    if (message.type === "stop") {
      context.release(); // what this run still holds goes with these results
      return state.images > 0 ? [this.#take(state), message] : message;
    }
    for (const [at, pixel] of message.array("uint16").data.entries()) state.sum[at] = (state.sum[at] ?? 0) + pixel;
    state.images += 1;
    context.hold(); // not finished yet
    if (state.images < this.#size) {
      context.flushIn(100); // if nothing more comes, flush is called in 100 ms
      return undefined;
    }
    context.release(); // all that this run holds is finished when this result is out
    return this.#take(state);
  }

  /** Called when the time is up, when the queue is full of what is held, and before the block ends. */
  override flush(reason: FlushReason, context: Context): readonly Sum[] {
    console.log(`flush: ${reason}`);
    context.release(); // everything that is held, of all runs
    return [...this.#runs.values()].filter(({ images }) => images > 0).map((state) => this.#take(state));
  }

  #take(state: { run: string; sum: Uint32Array; images: number }): Sum {
    const sum = new Event({ images: state.images }, new NdArray(state.sum, [4, 4]), { run: state.run });
    state.sum = new Uint32Array(16);
    state.images = 0;
    return sum;
  }
}

/** Stands for a detector: 25 images, a pause, and 7 more. */
class Detector extends Listener<Raw> {
  override async start(inlet: Inlet<Raw>): Promise<void> {
    inlet.ready();
    await inlet.put(new Start({}, { run: "scan-7" }));
    for (let image = 1; image <= 32; image += 1) {
      if (image === 26) await sleep(500);
      await inlet.put(new Event({ image }, new NdArray(new Uint16Array(16).fill(1), [4, 4]), { run: "scan-7" }));
    }
    await inlet.put(new Stop({}, { run: "scan-7" }));
  }
}

class Print extends Publisher<Summed> {
  override publish(message: Summed): void {
    console.log(message.type === "event" ? `sum of ${message.metadata.images} images` : message.type);
  }
}

await run(
  new Block({
    name: "batch",
    listeners: [new Detector()],
    operator: new Batch(10),
    publishers: [new Print()],
  }),
);
