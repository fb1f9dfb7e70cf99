// Somebody starts a viewer in the middle of a scan. It is given the Start of the scan first, so that it can work at once;
// its account says where it joined. Run it with: npx tsx examples/late-join.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Block, Event, type Inlet, Listener, type Message, run, Start, Stop } from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";

const folder = await mkdtemp(join(tmpdir(), "arroyo-"));
const address = `ipc://${folder}/images`;

/** Stands for a detector: takes images until there are enough. */
class Detector extends Listener {
  taken = 0;
  enough = false;

  override async start(inlet: Inlet): Promise<void> {
    inlet.ready();
    await inlet.put(new Start({ sample: "silver behenate" }, { run: "scan-7" }));
    while (!this.enough) {
      await inlet.put(new Event({ image: this.taken }, new Uint8Array(4096), { run: "scan-7" }));
      this.taken += 1;
      await sleep(5);
    }
    await inlet.put(new Stop({}, { run: "scan-7" }));
  }
}

const detector = new Detector();
// A block can also be started by hand, inside of a larger program; `run` does more: signals, exit code, account.
const source = new Block({
  name: "detector",
  listeners: [detector],
  publishers: [new ZmqPublisher({ bind: address })],
});
await source.start();
while (detector.taken < 20) await sleep(5);

let seen = 0;
const viewer = new Block({
  name: "viewer",
  listeners: [new ZmqListener({ connect: address })],
  // A function is an operator too. This one has no results, so that all it gets is counted as "filtered".
  operator: (message: Message): void => {
    if (message.type === "start") console.log(`start of ${message.run}, resumed: ${message.resumed}`, message.data);
    if (message.type === "stop") console.log(`stop of ${message.run}, ${message.reason}`);
    if (message.type !== "event") return;
    seen += 1;
    if (seen === 10) detector.enough = true;
  },
});
viewer.on("run", ({ what }) => {
  if (what === "ended") void viewer.stop(); // a subscriber's source never ends by itself
});
const [account] = await run(viewer);
const { joinedAt = 0, lost } = account?.runs[0] ?? {};
console.log(`joined in the middle: ${joinedAt >= 20}, lost since then: ${lost}`);

await source.finished;
await rm(folder, { recursive: true });
