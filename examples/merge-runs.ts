// A detector of two modules: each publishes its half of every image, as a stream of its own under the same run id.
// mergeRuns makes one run of the two (one Start, one Stop), and an operator behind it puts the halves together.
// Run it with: npx tsx examples/merge-runs.ts
import {
  Block,
  compose,
  Event,
  type Inlet,
  Listener,
  mergeRuns,
  NdArray,
  Operator,
  Publisher,
  run,
  Start,
  Stop,
} from "arroyojs";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "arroyojs/memory";

type Half = Event<{ image: number; module: number }, NdArray<"uint16">>;
type Halves = Start | Half | Stop;
type Image = Event<{ image: number }, NdArray<"uint16">>;
type Images = Start | Image | Stop;

/** Stands for one module: four halves of images, of which one may be missing. */
class Module extends Listener<Halves> {
  readonly #module: number;
  readonly #missing: number | undefined;

  constructor(module: number, missing?: number) {
    super();
    this.#module = module;
    this.#missing = missing;
  }

  override async start(inlet: Inlet<Halves>): Promise<void> {
    inlet.ready();
    await inlet.put(new Start({}, { run: "scan-7" }));
    for (let image = 1; image <= 4; image += 1) {
      if (image === this.#missing) continue;
      const pixels = new NdArray(new Uint16Array(8).fill(image), [2, 4]);
      await inlet.put(new Event({ image, module: this.#module }, pixels, { run: "scan-7" }));
    }
    await inlet.put(new Stop({}, { run: "scan-7" }));
  }
}

/** Puts the halves of an image together. */
class Join extends Operator<Halves, Images> {
  readonly #waiting = this.perRun(() => new Map<number, Half>());

  override process(message: Halves): Images | undefined {
    if (message.type === "start") return message;
    const waiting = this.#waiting.of(message);
    if (message.type === "stop") {
      if (waiting.size > 0) console.log(`no second half for image ${[...waiting.keys()].join(", ")}`);
      return message;
    }
    const { image, module } = message.metadata;
    const other = waiting.get(image);
    if (other === undefined) {
      waiting.set(image, message.keep()); // kept longer than this call: keep() copies what would pin a larger buffer
      return undefined;
    }
    waiting.delete(image);
    const [upper, lower] = module === 1 ? [message, other] : [other, message];
    const pixels = new Uint16Array([...upper.array("uint16").data, ...lower.array("uint16").data]);
    return message.with({ metadata: { image }, payload: new NdArray(pixels, [4, 4]) });
  }
}

class Print extends Publisher<Images> {
  override publish(message: Images): void {
    if (message.type !== "event") console.log(message.type);
    else console.log(`image ${message.metadata.image}, ${message.array().shape.join(" x ")}`);
  }
}

const channel = new MemoryChannel<Halves>();
const module = (name: string, listener: Module) =>
  new Block({
    name,
    listeners: [listener],
    publishers: [new MemoryPublisher({ channel, waitForReaders: 1 })],
  });

await run(
  module("module-1", new Module(1)),
  module("module-2", new Module(2, 3)),
  new Block({
    name: "join",
    listeners: [new MemoryListener({ channel })],
    operator: compose(mergeRuns<Halves>({ streams: 2 }), new Join()),
    publishers: [new Print()],
  }),
);
