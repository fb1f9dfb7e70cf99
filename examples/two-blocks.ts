// Two blocks in one process, joined by a channel in memory: each has its own queue, its own account, its own name. When
// the first ends, the channel ends, and so does the second. Run it with: npx tsx examples/two-blocks.ts
import { Block, Event, type Inlet, Listener, type Message, NdArray, run, Start, Stop } from "arroyojs";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "arroyojs/memory";

/** Stands for a detector: ten images. */
class Detector extends Listener {
  override async start(inlet: Inlet): Promise<void> {
    inlet.ready();
    await inlet.put(new Start({}, { run: "scan-7" }));
    for (let image = 1; image <= 10; image += 1) {
      await inlet.put(new Event({ image }, new NdArray(new Uint16Array(64).fill(image), [8, 8]), { run: "scan-7" }));
    }
    await inlet.put(new Stop({}, { run: "scan-7" }));
  }
}

const channel = new MemoryChannel();

const odd = new Block({
  name: "odd",
  listeners: [new Detector()],
  operator: (message: Message) =>
    message.type === "event" && Number(message.metadata["image"]) % 2 === 0 ? undefined : message,
  // Without waiting, what is published before the other block listens would go to nobody.
  publishers: [new MemoryPublisher({ channel, waitForReaders: 1 })],
});

const brightest = new Block({
  name: "brightest",
  listeners: [new MemoryListener({ channel })],
  operator: (message: Message) => {
    if (message.type !== "event") return message;
    console.log(`image ${message.metadata["image"]}: brightest pixel ${Math.max(...message.array().data)}`);
    return undefined;
  },
});

await run(odd, brightest);
