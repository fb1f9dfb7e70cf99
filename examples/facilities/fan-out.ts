// One puller, then fan-out: a detector that pushes gives its header and its end to one reader only. A block that only
// passes on reads alone, and repeats Start and Stop to every worker; images go round. Run it with:
// npx tsx examples/facilities/fan-out.ts
import { setTimeout as pause } from "node:timers/promises";
import { type AnyMessage, Block, Event, NdArray, Start, Stop } from "arroyojs";
import { dectrisV2, dectrisV2Codec } from "arroyojs/formats/dectris";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { atAddress, Simulated } from "./simulated.ts";

const WORKERS = 3;
const IMAGES = 30;

function* series(): Iterable<AnyMessage> {
  yield new Start({ number_of_images: IMAGES, user_data: { sample: "lysozyme" } }, { run: "series 7" });
  for (let image = 0; image < IMAGES; image += 1) {
    yield new Event({ image_id: image }, new NdArray(new Uint16Array(16).fill(image), [4, 4]), { run: "series 7" });
  }
  yield new Stop({}, { run: "series 7" });
}

/** Says what one worker got; each knows that it shares the stream with others. */
class Worker {
  readonly block: Block<AnyMessage, AnyMessage>;
  readonly done: Promise<void>;
  readonly images: number[] = [];
  sample: unknown;
  reason = "";

  constructor(number: number, address: string) {
    let done: () => void = () => undefined;
    this.done = new Promise((resolve) => {
      done = resolve;
    });
    this.block = new Block<AnyMessage, AnyMessage>({
      name: `worker ${number}`,
      listeners: [new ZmqListener({ bind: address, socket: "pull", codec: dectrisV2({ shared: true }) })],
      operator: (message) => {
        if (message.type === "start") this.sample = message.data.user_data.sample;
        if (message.type === "event") this.images.push(message.metadata.image_id);
        if (message.type === "stop") {
          this.reason = message.reason;
          done();
        }
      },
    });
  }
}

await atAddress(async (address) => {
  const places = Array.from({ length: WORKERS }, (_, worker) => `${address}-${worker + 1}`);
  const workers = places.map((place, index) => new Worker(index + 1, place));
  const dealer = new ZmqPublisher({ connect: places, socket: "push", codec: dectrisV2Codec });
  const fanOut = new Block<AnyMessage, AnyMessage>({
    name: "fan-out",
    listeners: [new ZmqListener({ connect: address, socket: "pull", codec: dectrisV2Codec })],
    publishers: [dealer],
  });
  const detector = new Block<AnyMessage, AnyMessage>({
    name: "detector",
    listeners: [new Simulated(series())],
    publishers: [new ZmqPublisher({ bind: address, socket: "push", codec: dectrisV2Codec })],
  });
  await Promise.all([...workers, { block: fanOut }].map(({ block }) => block.start()));
  // Images go to those who are there: this series is so short that the last worker would be late.
  while (dealer.readers < WORKERS) await pause(1);
  await detector.start();
  await Promise.all(workers.map(({ done }) => done));
  await Promise.all([detector, fanOut, ...workers.map(({ block }) => block)].map((block) => block.stop()));
  for (const { block, sample, images, reason } of workers) {
    console.log(`${block.name}: ${String(sample)}, ${images.length} images, ${reason}`);
  }
  const all = workers.flatMap(({ images }) => images);
  console.log(`${new Set(all).size} of ${IMAGES} images, none twice: ${all.length === IMAGES}`);
});
