// From the wire to curves: a block that reads DECTRIS frames, decompresses and integrates them in threads.
import { Block, Event, Publisher, parallel } from "arroyojs";
import { dectrisV2Codec } from "arroyojs/formats/dectris";
import { ZmqListener } from "arroyojs/zmq";
import { detectorFrames, integration, integrator, nameOf } from "./detector-frames.mjs";
import { options, say } from "./talk.mjs";

const { threads, events, warmUp } = options;
const integrate = integrator();
const expected = detectorFrames().map((image) => nameOf(integrate(new Event({}, image))));

/** Checks every curve, and that they come in order; the clock runs from the end of the warm-up to the last of them. */
class Curves extends Publisher {
  index = 0;

  publish(message) {
    if (message.type !== "event") return;
    if (nameOf(message.array("float32").data) !== expected[this.index % expected.length]) {
      throw new Error(`expected the curve of frame ${this.index}`);
    }
    this.index += 1;
    if (this.index === warmUp) this.began = { ms: performance.now(), cpu: process.cpuUsage() };
    if (this.index !== events) return;
    const seconds = (performance.now() - this.began.ms) / 1000;
    const { user, system } = process.cpuUsage(this.began.cpu);
    const count = events - warmUp;
    say("done", { perSecond: count / seconds, cpuMs: (user + system) / 1000 / count });
  }
}

const listener = new ZmqListener({ bind: "tcp://127.0.0.1:*", socket: "pull", codec: dectrisV2Codec });
const block = new Block({
  name: "curves",
  listeners: [listener],
  operator: parallel(new URL(import.meta.resolve("arroyojs/reduction")), {
    threads,
    export: "AzimuthalIntegration",
    options: integration,
  }),
  publishers: [new Curves()],
  maxBytes: 128_000_000,
});
await block.start();
await block.ready();
say("ready", { address: listener.endpoints[0] });
process.on("message", async (order) => {
  if (order !== "end") return;
  const { received, finished, lost, left, rejected } = await block.stop();
  say("ended", { account: { received, finished, lost, left, rejected } });
  process.disconnect();
});
