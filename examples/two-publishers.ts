// One block, two publishers. The first must have everything: it writes a file. The second is a live picture: it is
// slow, it shows the newest image it can get, and it never delays the file. Run it with: npx tsx examples/two-publishers.ts
import { createWriteStream, type WriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Block, Event, type Inlet, Listener, type Message, Publisher, run, Start, Stop } from "arroyojs";

const IMAGES = 300;

/** Stands for a detector: an image each millisecond. */
class Detector extends Listener {
  override async start(inlet: Inlet): Promise<void> {
    inlet.ready();
    await inlet.put(new Start({}, { run: "scan-7" }));
    for (let image = 1; image <= IMAGES; image += 1) {
      await inlet.put(new Event({ image }, new Uint8Array(4096), { run: "scan-7" }));
      await sleep(1);
    }
    await inlet.put(new Stop({}, { run: "scan-7" }));
  }
}

/** Writes a line for each message. */
class LineFile extends Publisher {
  readonly #path: string;
  #file: WriteStream | undefined;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  override open(): void {
    this.#file = createWriteStream(this.#path);
  }

  override async publish(message: Message): Promise<void> {
    const line = message.type === "event" ? `image ${message.metadata["image"]}` : message.type;
    await new Promise<void>((resolve, reject) => {
      this.#file?.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }

  override async close(): Promise<void> {
    this.#file?.end();
    if (this.#file !== undefined) await finished(this.#file);
  }
}

/** Stands for a screen that needs 50 ms for each image. */
class LivePicture extends Publisher {
  shown = 0;

  override async publish(message: Message): Promise<void> {
    if (message.type !== "event") return;
    this.shown += 1;
    await sleep(50);
  }
}

const folder = await mkdtemp(join(tmpdir(), "arroyo-"));
const path = join(folder, "images.txt");
const picture = new LivePicture();

await run(
  new Block({
    name: "detector",
    listeners: [new Detector()],
    publishers: [
      new LineFile(path), // required, the default: what it has not taken is not finished
      { publisher: picture, required: false, overflow: "latest" },
    ],
  }),
);

const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
console.log(`file: ${lines.length} lines, from "${lines[0]}" to "${lines.at(-1)}"`);
console.log(`live picture: ${picture.shown} of ${IMAGES} images`);
await rm(folder, { recursive: true });
