// A block with bounds and a part that does not go on, as its argument names it. Run with --expose-gc.
import {
  Block,
  type Context,
  Event,
  type FlushReason,
  type Inlet,
  Listener,
  type Message,
  nativeCodec,
  Operator,
  Publisher,
  run,
} from "arroyojs";
import { ZmqListener } from "arroyojs/zmq";
import { say, sayLast, takeOrders } from "../../process/programs/speech.ts";
import { BOUNDS, type MemoryWord, PAYLOAD_BYTES, READ_BYTES } from "./agreed.ts";

/** Brings small messages as a socket does: views of reads of 64 kB. */
class Reads extends Listener {
  readonly #bytes: number;

  constructor(bytes: number) {
    super();
    this.#bytes = bytes;
  }

  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    inlet.ready();
    const write = nativeCodec.writer({ stream: "camera" });
    const payload = new Uint8Array(PAYLOAD_BYTES);
    let id = 0;
    const next = (): readonly Uint8Array[] => write(new Event({ id: id++ }, payload))[0] as readonly Uint8Array[];
    let frames = next();
    for (let read = 0; read < this.#bytes / READ_BYTES && !signal.aborted; read += 1) {
      const bytes = new Uint8Array(READ_BYTES);
      for (let at = 0; at + lengthOf(frames) <= READ_BYTES; frames = next()) {
        const views: Uint8Array[] = [];
        for (const frame of frames) {
          bytes.set(frame, at);
          views.push(bytes.subarray(at, at + frame.length));
          at += frame.length;
        }
        await inlet.putFrames(views);
      }
    }
  }
}

function lengthOf(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, frame) => sum + frame.length, 0);
}

let seen = 0;

/** Picks one message in a hundred, so that each stands in a read of its own. */
function isOneInHundred(message: Message): message is Event {
  seen += 1;
  return message.type === "event" && seen % 100 === 0;
}

/** Takes one message and never says that it has it. */
class Stalled extends Publisher {
  override publish(): Promise<void> {
    return new Promise(() => undefined);
  }
}

/** Takes everything. */
class Taking extends Publisher {
  override publish(): void {}
}

const BATCH = 4_000;

/** Keeps one message of a read, and gives a batch out when it has enough. */
class Batch extends Operator {
  readonly #kept: Event[] = [];

  override process(message: Message): Message[] | undefined {
    if (!isOneInHundred(message)) return undefined;
    this.#kept.push(message.keep());
    return this.#kept.length < BATCH ? undefined : this.#kept.splice(0);
  }
}

/** Holds one message of a read until it is told to let go. */
class Hold extends Operator {
  override process(message: Message, context: Context): undefined {
    if (isOneInHundred(message)) context.hold();
  }

  override flush(_reason: FlushReason, context: Context): Message {
    context.release();
    return new Event({}, new Uint8Array(8));
  }
}

const oneInHundred = (message: Message): Message | undefined => (isOneInHundred(message) ? message : undefined);

const [kind = "", argument = ""] = process.argv.slice(2);
const bytes = Number(argument);
const name = "bounded";
const queue = { maxBytes: BOUNDS.queue, maxMessages: 1_000_000 };
const outlet = { maxBytes: BOUNDS.outlet, maxMessages: 1_000_000 };
const blocks: Record<string, () => Block> = {
  required: () =>
    new Block({
      name,
      ...queue,
      listeners: [
        new ZmqListener({ socket: "pull", connect: argument, maxBytes: BOUNDS.socket, messageBytes: PAYLOAD_BYTES }),
      ],
      publishers: [{ publisher: new Stalled(), ...outlet }],
      drainMs: 0,
    }),
  "best effort": () =>
    new Block({
      name,
      ...queue,
      listeners: [new Reads(bytes)],
      operator: oneInHundred,
      publishers: [{ publisher: new Stalled(), required: false, ...outlet }],
      drainMs: 0,
    }),
  keep: () =>
    new Block({ name, ...queue, listeners: [new Reads(bytes)], operator: new Batch(), publishers: [new Taking()] }),
  hold: () =>
    new Block({ name, ...queue, listeners: [new Reads(bytes)], operator: new Hold(), publishers: [new Taking()] }),
};

globalThis.gc?.();
const before = process.memoryUsage.rss();
const block = (blocks[kind] as () => Block)();
const memory = (): MemoryWord => {
  const peak = process.resourceUsage().maxRSS * 1024;
  globalThis.gc?.();
  return { before, peak, now: process.memoryUsage.rss(), received: block.account.received };
};
takeOrders((_order: "measure") => say(memory()));
await run(block);
sayLast(memory());
