// The first of three processes: stands for a detector and publishes its images.
// Usage: npx tsx examples/chain/detector.ts ADDRESS [IMAGES]
import { setTimeout as sleep } from "node:timers/promises";
import { Block, Event, type Inlet, Listener, NdArray, run, Start, Stop } from "arroyojs";
import { ZmqPublisher } from "arroyojs/zmq";

type Raw = Start | Event<{ image: number }, NdArray<"uint16">> | Stop;

const [address = "tcp://127.0.0.1:5555", images = "100"] = process.argv.slice(2);

/** Takes an image each 3 ms, until it has as many as were asked for, or is told to stop. */
class Detector extends Listener<Raw> {
  override async start(inlet: Inlet<Raw>, signal: AbortSignal): Promise<void> {
    inlet.ready();
    await inlet.put(new Start({}, { run: "scan-7" }));
    for (let image = 1; image <= Number(images) && !signal.aborted; image += 1) {
      const pixels = new Uint16Array(64 * 64).fill(image % 100);
      await inlet.put(new Event({ image }, new NdArray(pixels, [64, 64]), { run: "scan-7" }));
      await sleep(3);
    }
    await inlet.put(new Stop({}, { run: "scan-7" })); // also when told to stop: the run is complete as far as it went
  }
}

await run(
  new Block({
    name: "detector",
    listeners: [new Detector()],
    // Whoever subscribes later than the first image misses what was sent before; so wait for the first subscriber.
    publishers: [new ZmqPublisher<Raw>({ bind: address, waitForSubscribers: 1 })],
  }),
);
