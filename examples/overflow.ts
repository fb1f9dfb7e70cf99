// An operator that is slower than its detector. With back-pressure, the default, the detector waits and nothing is left
// out; with drop-oldest the detector never waits, and the account says what was left out.
// Run it with: npx tsx examples/overflow.ts
import { setTimeout as sleep } from "node:timers/promises";
import { Block, Event, type Inlet, Listener, type Message, type Overflow, run, Start, Stop } from "arroyojs";

const IMAGES = 200;

/** Stands for a detector: as many images as it can get rid of, up to one each millisecond. */
class Detector extends Listener {
  override async start(inlet: Inlet): Promise<void> {
    const begin = performance.now();
    inlet.ready();
    await inlet.put(new Start({}, { run: "scan-7" }));
    for (let image = 1; image <= IMAGES; image += 1) {
      // A promise says that the queue is full; awaiting it is all that a listener has to do for back-pressure.
      await inlet.put(new Event({ image }, new Uint8Array(1024), { run: "scan-7" }));
      await sleep(1);
    }
    await inlet.put(new Stop({}, { run: "scan-7" }));
    console.log(`the detector needed ${Math.round(performance.now() - begin)} ms`);
  }
}

/** Needs 5 ms for an image. */
async function slow(message: Message): Promise<Message> {
  if (message.type === "event") await sleep(5);
  return message;
}

for (const overflow of ["block", "drop-oldest"] satisfies Overflow[]) {
  const [account] = await run(
    new Block({
      name: overflow,
      listeners: [new Detector()],
      operator: slow,
      maxMessages: 20, // how many messages may wait
      overflow,
    }),
  );
  const { received = 0, finished = 0, dropped = 0 } = account ?? {};
  console.log(`${overflow}: received ${received} = finished ${finished} + dropped ${dropped}`);
}
