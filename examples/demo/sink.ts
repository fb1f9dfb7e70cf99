// The third process: gathers the curves and keeps their mean.
import { Block, Operator, run } from "arroyojs";
import { type Joint, listenerAt } from "./joints.ts";
import { report } from "./report.ts";
import type { Out } from "./scan.ts";

class MeanCurve extends Operator<Out, never> {
  #curves = 0;
  #sum: Float64Array | undefined;
  #next = 0;
  readonly #missing = new Set<number>();
  #repeated = 0;

  override process(message: Out): undefined {
    if (message.type !== "event") return;
    const frame = Number(message.metadata["frame"]);
    // A broker gives again what a process that was killed had not finished.
    if (frame < this.#next && !this.#missing.has(frame)) {
      this.#repeated += 1;
      return;
    }
    const curve = message.array("float32").data;
    this.#sum ??= new Float64Array(curve.length);
    for (let ring = 0; ring < curve.length; ring += 1) {
      this.#sum[ring] = (this.#sum[ring] as number) + (curve[ring] as number);
    }
    this.#curves += 1;
    for (; this.#next < frame; this.#next += 1) this.#missing.add(this.#next);
    this.#next = Math.max(this.#next, frame + 1);
    this.#missing.delete(frame);
  }

  get mean(): number[] {
    return Array.from(this.#sum ?? [], (sum) => sum / this.#curves);
  }

  /** How many frames came once more. */
  get repeated(): number {
    return this.#repeated;
  }

  /** The frames that never came, by the detector's own numbers: those of other systems have no origin to tell by. */
  get missing(): number[] {
    return [...this.#missing];
  }
}

const [from = ""] = process.argv.slice(2);
const operator = new MeanCurve();
const block = new Block<Out, never>({
  name: "sink",
  listeners: [listenerAt<Out>(JSON.parse(from) as Joint)],
  operator,
});
report(block, () => ({ curve: operator.mean, missing: operator.missing, repeated: operator.repeated }));
// The demo ends with the run; a real sink would go on and wait for the next one.
block.on("run", ({ what, reason }) => {
  if (what === "ended" && reason === "completed") void block.stop();
});
await run(block);
