import { Block, Event, type Inlet, Listener, type Message, NdArray, rawCodec, Start, Stop } from "arroyojs";
import { arroyosasCodec } from "arroyojs/formats/arroyosas";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { until } from "../../src/testing/conformance/until.ts";
import { Addresses, Collected } from "./ends.ts";
import type { Program } from "./program.ts";

const PATIENCE_MS = 30_000;
/** The images of the run that counts, the dark one among them. */
export const IMAGES = 12;

/** Repeats a run until somebody at the end of the chain has seen one, then brings the run that counts. */
class Warming extends Listener {
  readonly #isThrough: () => boolean;

  constructor(isThrough: () => boolean) {
    super();
    this.#isThrough = isThrough;
  }

  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    inlet.ready();
    while (!this.#isThrough() && !signal.aborted) {
      for (const message of runOf("warming", 2)) await inlet.put(message);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const message of runOf("counts", IMAGES)) await inlet.put(message);
  }
}

function runOf(run: string, images: number): readonly Message[] {
  const start = new Start({ run_name: run, width: 3, height: 2, data_type: "int32" }, { run });
  const events = Array.from({ length: images }, (_, number) => {
    const image = new NdArray(
      Int32Array.from({ length: 6 }, (_, at) => 100 * number + at * at),
      [2, 3],
    );
    return new Event({ tiled_url: `tiled://${number}` }, image, { run });
  });
  return [start, ...events, new Stop({}, { run })];
}

/**
 * Lets a program of examples/from-arroyopy work, and gives the bytes of each message that it made of the run that counts.
 * `end` looks at how the program ends; without it, it is killed.
 */
export async function subtractedBy(
  start: (source: string, target: string) => Program,
  end?: (program: Program) => Promise<void>,
): Promise<readonly Buffer[]> {
  await using addresses = await Addresses.open();
  const [source, target] = [addresses.next(), addresses.next()];
  await using program = start(source, target);
  const collected = new Collected();
  const made = (): readonly Buffer[] => {
    const bytes = collected.messages.map((message) => Buffer.from((message as Event).payload as Uint8Array));
    const begin = bytes.findIndex((one) => one.includes("counts"));
    return begin < 0 ? [] : bytes.slice(begin);
  };
  await using last = new Block({
    name: "last",
    listeners: [new ZmqListener({ connect: target, codec: rawCodec })],
    publishers: [collected],
  });
  await last.start();
  await using first = new Block({
    name: "first",
    listeners: [new Warming(() => collected.messages.length > 0)],
    publishers: [new ZmqPublisher({ bind: source, waitForSubscribers: 1, codec: arroyosasCodec })],
  });
  await first.start();
  await until(() => made().at(-1)?.includes("num_frames") === true, "the Stop of the run that counts", PATIENCE_MS);
  const bytes = made();
  await end?.(program);
  return bytes;
}
