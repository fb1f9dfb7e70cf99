// Writes a NeXus file for each run of a detector, which any HDF5 library reads, and replays the files into another block.
// What that block finished is remembered, so that the second replay has only what came since.
// Run it with: npx tsx examples/hdf5/main.ts
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Block, Event, type Message, NdArray, Publisher, Start, Stop } from "arroyojs";
import { Hdf5Listener, Hdf5Publisher } from "arroyojs/hdf5";
import { MemoryChannel, MemoryListener, MemoryPublisher } from "arroyojs/memory";

const folder = await mkdtemp(join(tmpdir(), "arroyo-example-"));

/** Measures a sample: three frames, each with the energy at which it was taken. */
async function measure(run: string, sample: string): Promise<void> {
  const channel = new MemoryChannel();
  const writer = new Block({
    name: "eiger",
    listeners: [new MemoryListener({ channel })],
    publishers: [new Hdf5Publisher({ path: join(folder, "{stream}_{run}.nxs"), compression: "bslz4" })],
  });
  await writer.start();
  const detector = new MemoryPublisher({ channel, stream: "eiger" });
  await detector.open(new AbortController().signal);
  await detector.publish(new Start({ sample, exposureMs: 100 }, { run }));
  for (const energy of [8.3, 8.4, 8.5]) {
    const frame = new NdArray(new Uint16Array(64 * 64).fill(Math.round(energy * 10)), [64, 64]);
    await detector.publish(new Event({ energy }, frame, { run, timeMs: Date.now() }));
  }
  await detector.publish(new Stop({}, { run }));
  detector.close();
  await writer.finished;
}

/** Says what comes. */
class Print extends Publisher {
  override readonly confirms = true; // what is printed is safe

  override publish(message: Message): void {
    if (message.type === "start") console.log(`start of ${message.run}: ${message.data["sample"]}`);
    if (message.type === "stop") console.log(`stop of ${message.run}, ${message.reason}`);
    if (message.type !== "event" || !(message.payload instanceof NdArray)) return;
    const { shape, data } = message.payload;
    console.log(`${message.metadata["energy"]} keV: ${shape.join(" x ")}, ${data[0]} counts`);
  }
}

async function replay(): Promise<void> {
  const listener = new Hdf5Listener<Message>({ path: join(folder, "*.nxs"), journal: join(folder, "replay.json") });
  const block = new Block({ name: "replay", recover: "run", listeners: [listener], publishers: [new Print()] });
  await block.start();
  const { received } = await block.finished;
  console.log(`${received} messages`);
}

await measure("scan-7", "silver behenate");
await measure("scan-8", "lanthanum hexaboride");
console.log((await readdir(folder)).sort().join(", "));
await replay();
await measure("scan-9", "glassy carbon");
await replay();

await rm(folder, { recursive: true });
