// Looks for the brightest spot of each image in two threads; the results come in the order of the images. Run it with:
// npx tsx examples/threads/main.ts
import { Block, Event, type Inlet, Listener, NdArray, Publisher, parallel, run, Start, Stop } from "arroyojs";
import type { Image, Spot } from "./brightest-spot.ts";

/** Stands for a detector: eight images with a spot that moves. */
class Detector extends Listener<Start | Image | Stop> {
  override async start(inlet: Inlet<Start | Image | Stop>): Promise<void> {
    inlet.ready();
    await inlet.put(new Start({}, { run: "scan-7" }));
    for (let image = 1; image <= 8; image += 1) {
      const counts = new Uint16Array(512 * 512).fill(2);
      counts[image * 512 + 10 * image] = 1000;
      await inlet.put(new Event({ image }, new NdArray(counts, [512, 512]), { run: "scan-7" }));
    }
    await inlet.put(new Stop({}, { run: "scan-7" }));
  }
}

class Print extends Publisher<Start | Spot | Stop<{ images: number }>> {
  override publish(message: Start | Spot | Stop<{ images: number }>): void {
    if (message.type === "event") {
      const { image, counts } = message.metadata;
      console.log(`image ${image}: ${counts} counts`);
    } else console.log(message.type, message.data);
  }
}

await run(
  new Block({
    name: "spots",
    listeners: [new Detector()],
    operator: parallel<Start | Image | Stop, Start | Spot | Stop<{ images: number }>>(
      new URL("./brightest-spot.ts", import.meta.url),
      { threads: 2, options: { width: 4 } },
    ),
    publishers: [new Print()],
  }),
);
