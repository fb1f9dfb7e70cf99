// Frames through a block whose operator integrates them in threads. The frames are made before the clock starts.
import { readFileSync } from "node:fs";
import { Block, Event, Listener, NdArray, Publisher, parallel, Start, Stop } from "arroyojs";
import { AzimuthalIntegration } from "./azimuthal-integration.mjs";
import { options, say } from "./talk.mjs";

const { threads, events, warmUp, size, bins } = options;
const run = "run";
const FRAMES = 8;

let state = 1;
const frames = Array.from({ length: FRAMES }, () => {
  const counts = new Uint16Array(size * size);
  for (let pixel = 0; pixel < counts.length; pixel += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    counts[pixel] = state >>> 22;
  }
  return new NdArray(counts, [size, size]);
});
const alone = new AzimuthalIntegration({ size, bins });
const expected = frames.map(({ data }) => alone.curve(data));

/** Gives the time in ms that the main thread had a core; what else runs on the machine does not add to it. */
function mainCpuMs() {
  const [ns] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ");
  return Number(ns) / 1e6;
}

class Detector extends Listener {
  async start(inlet) {
    inlet.ready();
    await inlet.put(new Start({}, { run }));
    for (let index = 0; index < warmUp + events; index += 1) {
      await inlet.put(new Event({ index }, frames[index % FRAMES], { run }));
    }
    await inlet.put(new Stop({}, { run }));
  }
}

/** Checks every curve, and that they come in order; the clock runs from the end of the warm-up to the last of them. */
class Curves extends Publisher {
  index = 0;

  publish(message) {
    if (message.type !== "event") return;
    const { data } = message.array("float32");
    const wanted = expected[this.index % FRAMES];
    if (message.metadata.index !== this.index || !data.every((one, ring) => one === wanted[ring])) {
      throw new Error(`expected the curve of frame ${this.index}`);
    }
    this.index += 1;
    if (this.index === warmUp) this.began = { ms: performance.now(), cpuMs: mainCpuMs() };
    if (this.index < warmUp + events) return;
    const seconds = (performance.now() - this.began.ms) / 1000;
    this.figures = { perSecond: events / seconds, mainMs: (mainCpuMs() - this.began.cpuMs) / events };
  }
}

const curves = new Curves();
const block = new Block({
  name: "integrate",
  listeners: [new Detector()],
  operator: parallel(new URL("azimuthal-integration.mjs", import.meta.url), { threads, options: { size, bins } }),
  publishers: [curves],
});
await block.start();
const account = await block.finished;
if (account.finished !== warmUp + events + 2)
  throw new Error(`the account does not add up: ${JSON.stringify(account)}`);
say("done", curves.figures);
process.disconnect?.();
