// Reads a counter that sends lines of text over ZeroMQ, with a codec of our own. The third line gets lost and one line is
// garbage: both are counted. Run it with: npx tsx examples/custom-codec/main.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Block, Event, type Inlet, Listener, Publisher, rawCodec, run } from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { type Counts, counterCodec } from "./counter-codec.ts";

const LINES = [
  "BEGIN scan-7",
  "COUNT scan-7 1 1000 7",
  "COUNT scan-7 2 998 9",
  "COUNT scan-7 4 1003 6",
  "HELLO counter",
  "COUNT scan-7 5 1001 8",
  "END scan-7",
];

/** Stands for the counter: sends lines as they are. */
class Counter extends Listener {
  override async start(inlet: Inlet): Promise<void> {
    inlet.ready();
    for (const line of LINES) await inlet.put(new Event({}, Buffer.from(line)));
  }
}

class Print extends Publisher<Counts> {
  override publish(message: Counts): void {
    if (message.type !== "event") console.log(message.type);
    else console.log(`count ${message.metadata.number}: ${message.array("uint32").data.join(", ")}`);
  }
}

const folder = await mkdtemp(join(tmpdir(), "arroyo-"));
const address = `ipc://${folder}/counter`;

const counter = new Block({
  name: "counter",
  listeners: [new Counter()],
  publishers: [new ZmqPublisher({ bind: address, codec: rawCodec, waitForSubscribers: 1 })],
});
const reader = new Block<Counts, Counts>({
  name: "reader",
  listeners: [new ZmqListener<Counts>({ connect: address, codec: counterCodec })],
  publishers: [new Print()],
});
reader.on("run", ({ what }) => {
  if (what === "ended") void reader.stop();
});
await run(counter, reader);
await rm(folder, { recursive: true });
