// A detector's images, each reduced to one number. Run it with: npx tsx examples/first-operator.ts
import { Block, Event, type Inlet, Listener, NdArray, Operator, Publisher, run, Start, Stop } from "arroyojs";

type Image = Event<{ image: number }, NdArray<"uint16">>;
type Sum = Event<{ image: number; counts: number }, Uint8Array>;

/** Stands for a detector: one run of ten images. */
class Detector extends Listener<Start | Image | Stop> {
  override async start(inlet: Inlet<Start | Image | Stop>): Promise<void> {
    inlet.ready();
    await inlet.put(new Start({ sample: "silver behenate" }, { run: "scan-7" }));
    for (let image = 1; image <= 10; image += 1) {
      const pixels = new NdArray(new Uint16Array(512 * 512).fill(image), [512, 512]);
      await inlet.put(new Event({ image }, pixels, { run: "scan-7" }));
    }
    await inlet.put(new Stop({}, { run: "scan-7" }));
  }
}

/** Sums the pixels of each image; an image with too few counts is left out. */
class SumOfCounts extends Operator<Start | Image | Stop, Start | Sum | Stop> {
  override process(message: Start | Image | Stop): Start | Sum | Stop | undefined {
    if (message.type !== "event") return message; // Start and Stop pass through
    const counts = message.array().data.reduce((sum, pixel) => sum + pixel, 0);
    if (counts < 1_000_000) return undefined;
    return message.with({ metadata: { image: message.metadata.image, counts }, payload: new Uint8Array(0) });
  }
}

/** Shows what comes out. */
class Print extends Publisher<Start | Sum | Stop> {
  override publish(message: Start | Sum | Stop): void {
    if (message.type === "event") console.log(`image ${message.metadata.image}: ${message.metadata.counts} counts`);
    else console.log(`${message.type} of ${message.run}`);
  }
}

await run(
  new Block({
    name: "sum",
    listeners: [new Detector()],
    operator: new SumOfCounts(),
    publishers: [new Print()],
  }),
);
