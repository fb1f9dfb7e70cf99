// Somebody starts a viewer in the middle of a scan. It is given the Start of the scan first, so that it can work at once.
// Run it with: npx tsx examples/late-join.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { accountText, Block, Event, type Inlet, Listener, type Message, run, Start, Stop } from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";

const folder = await mkdtemp(join(tmpdir(), "arroyo-"));
const address = `ipc://${folder}/images`;

/** Stands for a detector: takes images until it is told that there are enough. */
class Detector extends Listener {
  taken = 0;
  enough = false;

  override async start(inlet: Inlet): Promise<void> {
    inlet.ready();
    await inlet.put(new Start({ sample: "silver behenate" }, { run: "scan-7" }));
    while (!this.enough) {
      this.taken += 1;
      await inlet.put(new Event({ image: this.taken }, new Uint8Array(4096), { run: "scan-7" }));
      await sleep(5);
    }
    await inlet.put(new Stop({}, { run: "scan-7" }));
  }
}

const detector = new Detector();
const source = new Block({
  name: "detector",
  listeners: [detector],
  publishers: [new ZmqPublisher({ bind: address })],
});

let images = 0;
const viewer = new Block({
  name: "viewer",
  listeners: [new ZmqListener({ connect: address })],
  // A function is an operator too; this one has no result, so everything counts as "filtered".
  operator: (message: Message): void => {
    if (message.type === "start") console.log(`start of ${message.run}, resumed: ${message.resumed}`, message.data);
    if (message.type === "event") images += 1;
    if (message.type === "event" && images === 1) console.log(`first image: more than 20? ${message.metadata["image"] > 20}`);
    if (images === 10) detector.enough = true;
    if (message.type === "stop") console.log(`stop of ${message.run}: ${message.reason}`);
  },
});
viewer.on("run", ({ what }) => {
  if (what === "ended") void viewer.stop();
});
