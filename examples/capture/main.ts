// Records a stream in one night and works on it in the next: twice as fast as it came, from its second run, and once more
// as fast as it can. What a replay finished is remembered, so the third one has nothing to do.
// Run it with: npx tsx examples/capture/main.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Block, Event, type Message, Publisher, Start, Stop } from "arroyojs";
import { CaptureListener, type CaptureListenerOptions, CapturePublisher } from "arroyojs/files";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "arroyojs/memory";

const folder = await mkdtemp(join(tmpdir(), "arroyo-example-"));
const path = join(folder, "night.acap");

/** Sends two runs of three images, 20 ms apart. */
async function detector(channel: MemoryChannel): Promise<void> {
  const publisher = new MemoryPublisher({ channel });
  await publisher.open(new AbortController().signal);
  for (const run of ["scan-7", "scan-8"]) {
    await publisher.publish(new Start({}, { run }));
    for (let image = 1; image <= 3; image += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await publisher.publish(new Event({ image }, new Uint8Array(1024), { run }));
    }
    await publisher.publish(new Stop({}, { run }));
  }
  publisher.close();
}

/** Says what comes. */
class Print extends Publisher {
  override readonly confirms = true; // what is printed is safe

  override publish(message: Message): void {
    console.log(message.type === "event" ? `image ${message.metadata["image"]}` : `${message.type} of ${message.run}`);
  }
}

async function replay(what: string, options: Omit<CaptureListenerOptions, "path">): Promise<void> {
  console.log(`\n${what}`);
  const listener = new CaptureListener({ path, ...options });
  const block = new Block({ name: "replay", recover: "run", listeners: [listener], publishers: [new Print()] });
  await block.start();
  const { received } = await block.finished;
  console.log(`${received} messages`);
}

// The night: a block that records. Any block can do so beside its other publishers.
const channel = new MemoryChannel();
const recorder = new Block({
  name: "record",
  listeners: [new MemoryListener({ channel })],
  publishers: [new CapturePublisher({ path, sync: "message" })], // a message is on the disk before it is acknowledged
});
await recorder.start();
await detector(channel);
console.log(`recorded ${(await recorder.finished).published} messages`);

await replay("the second run, twice as fast as it came", { from: { run: "scan-8" }, speed: 2 });
await replay("everything, as fast as it can", { group: "reduce" });
await replay("what is left", { group: "reduce" });

await rm(folder, { recursive: true });
