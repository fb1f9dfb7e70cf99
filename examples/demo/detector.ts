// The first process: a simulated detector, which publishes its frames.
import { Block, Event, type Inlet, Listener, NdArray, run, Start, Stop } from "arroyojs";
import { type Joint, publisherAt } from "./joints.ts";
import { report } from "./report.ts";
import { Rings } from "./rings.ts";
import { type In, SIZE } from "./scan.ts";

/** Makes frames at a fixed rate, as a detector does: it never waits for anybody. */
class SimulatedDetector extends Listener<In> {
  readonly #size: number;
  readonly #frames: number;
  readonly #hz: number;

  constructor(options: { readonly size: number; readonly frames: number; readonly hz: number }) {
    super();
    this.#size = options.size;
    this.#frames = options.frames;
    this.#hz = options.hz;
  }

  override async start(inlet: Inlet<In>, signal: AbortSignal): Promise<void> {
    inlet.ready();
    const rings = new Rings(this.#size);
    const run = "scan-1";
    await inlet.put(new Start({ size: this.#size, frames: this.#frames }, { run }));
    const begin = performance.now();
    let frame = 0;
    for (; frame < this.#frames && !signal.aborted; frame += 1) {
      const due = begin + (frame * 1000) / this.#hz;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
      const image = new NdArray<"uint16">(rings.frame(), [this.#size, this.#size]);
      await inlet.put(new Event({ frame }, image, { run, timeMs: Date.now() }));
    }
    await inlet.put(new Stop({ frames: frame }, { run }));
  }
}

const [to = "", frames = "500", hz = "25"] = process.argv.slice(2);
const block = new Block({
  name: "detector",
  listeners: [
    new SimulatedDetector({
      size: SIZE,
      frames: frames === "endless" ? Number.POSITIVE_INFINITY : Number(frames),
      hz: Number(hz),
    }),
  ],
  publishers: [publisherAt<In>(JSON.parse(to) as Joint)],
});
report(block);
await run(block);
