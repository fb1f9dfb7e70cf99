// A live view in a browser: a detector's newest image, its runs, and how many images this browser was not shown. However
// many browsers look, and however slow they are, the block does not notice. Run it with:
// npx tsx examples/live-view/main.ts, open the address that it says, and end it with Ctrl+C.
import { setTimeout as sleep } from "node:timers/promises";
import { Block, Event, type Inlet, Listener, NdArray, run, Start, Stop } from "arroyojs";
import { WebSocketPublisher } from "arroyojs/websocket";
import { builtClient, servePage } from "./page-server.ts";

const SIZE = 128;
const IMAGES = 500;

/** Stands for a detector: a ring that grows, 100 images a second, run after run. */
class Detector extends Listener {
  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    inlet.ready();
    for (let scan = 1; !signal.aborted; scan += 1) {
      const name = `scan-${scan}`;
      await inlet.put(new Start({ sample: "silver behenate" }, { run: name }));
      for (let image = 1; image <= IMAGES && !signal.aborted; image += 1) {
        await inlet.put(new Event({ image }, ring((image % 100) / 2), { run: name, timeMs: Date.now() }));
        await sleep(10);
      }
      await inlet.put(new Stop({ images: IMAGES }, { run: name }));
    }
  }
}

function ring(radius: number): NdArray<"uint16"> {
  const pixels = new Uint16Array(SIZE * SIZE);
  for (let at = 0; at < pixels.length; at += 1) {
    const distance = Math.hypot((at % SIZE) - SIZE / 2, Math.floor(at / SIZE) - SIZE / 2) - radius;
    pixels[at] = 1000 * Math.exp((-distance * distance) / 18);
  }
  return new NdArray(pixels, [SIZE, SIZE]);
}

const page = await servePage(8000, builtClient());
console.log(`open ${page.url}`);
await run(
  new Block({
    name: "live",
    listeners: [new Detector()],
    publishers: [{ publisher: new WebSocketPublisher({ port: 8080 }), required: false, overflow: "latest" }],
  }),
);
page.close();
