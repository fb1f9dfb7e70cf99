// DECTRIS detector → hit finding → hits to one publisher, blanks only counted. The detector speaks stream V2, images are
// compressed with bitshuffle and LZ4. Run it with: npx tsx examples/facilities/hit-finding.ts
import { type AnyMessage, Block, Event, NdArray, Publisher, run, Start, Stop } from "arroyojs";
import { dectrisV2Codec } from "arroyojs/formats/dectris";
import { type FrameWithPeaks, PeakFinder } from "arroyojs/reduction";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { atAddress, Simulated, seeded } from "./simulated.ts";

const SIZE = 128;

/** Makes an image of a crystal that was hit, or of none: background, and with a hit some peaks. */
function image(random: () => number, peaks: number): NdArray<"uint16"> {
  const counts = Uint16Array.from({ length: SIZE * SIZE }, () => 10 + 6 * random());
  for (let peak = 0; peak < peaks; peak += 1) {
    const corner = Math.floor(4 + 20 * peak + 8 * random()) * SIZE + 30 + Math.floor(40 * random());
    for (const next of [0, 1, SIZE, SIZE + 1]) counts[corner + next] = 400;
  }
  counts[77] = 65_535; // this pixel is broken
  return new NdArray(counts, [SIZE, SIZE]);
}

function* series(): Generator<AnyMessage> {
  const random = seeded(1);
  yield new Start({ images: 20 }, { run: "crystals-1" });
  for (let number = 1; number <= 20; number += 1) {
    yield new Event({ number }, image(random, number % 5 === 0 ? 5 : number % 2), { run: "crystals-1" });
  }
  yield new Stop({}, { run: "crystals-1" });
}

/** Writes down what is worth to be looked at. */
class Hits extends Publisher<Start | FrameWithPeaks | Stop> {
  override publish(message: Start | FrameWithPeaks | Stop): void {
    if (message.type !== "event") return;
    const { number, peaks } = message.metadata;
    console.log(`image ${number}: ${peaks.length} peaks, the brightest has ${peaks[0]?.intensity.toFixed(0)} counts`);
  }
}

await atAddress(async (address) => {
  const detector = new Block<AnyMessage, AnyMessage>({
    name: "detector",
    listeners: [new Simulated(series())],
    publishers: [new ZmqPublisher({ bind: address, socket: "push", codec: dectrisV2Codec })],
  });
  const hits = new Block({
    name: "hits",
    listeners: [new ZmqListener({ connect: address, socket: "pull", codec: dectrisV2Codec })],
    operator: new PeakFinder({ threshold: 50, minPixels: 3, minPeaks: 3 }),
    publishers: [new Hits()],
  });
  hits.on("run", ({ what }) => {
    if (what === "ended") void hits.stop();
  });
  const [, account] = await run(detector, hits);
  console.log(
    `${account?.events} images: ${(account?.events ?? 0) - (account?.filtered ?? 0)} hits, ${account?.filtered} blanks`,
  );
});
