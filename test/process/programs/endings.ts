// A program of the kind that ends in the way its argument names.
import {
  Block,
  Event,
  type Inlet,
  Listener,
  type Message,
  Operator,
  type Process,
  Publisher,
  run,
  Start,
  Stop,
} from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { say } from "./speech.ts";

/** Makes events as fast as they are taken: so many, or until it is told to stop. */
class Numbers extends Listener {
  readonly #count: number;

  constructor(count: number) {
    super();
    this.#count = count;
  }

  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    inlet.ready();
    await inlet.put(new Start({}, { run: "scan" }));
    for (let id = 0; id < this.#count && !signal.aborted; id += 1) {
      await inlet.put(new Event({ id }, new Uint8Array(8), { run: "scan" }));
    }
    await inlet.put(new Stop({}, { run: "scan" }));
  }
}

/** Writes a line of a hundred characters for each event. */
class Lines extends Publisher {
  override publish(message: Message): void {
    if (message.type === "event") process.stdout.write(`${String(message.metadata["id"]).padStart(99, "-")}\n`);
  }
}

/** Never finishes an event. */
class Endless extends Operator {
  #isTold = false;

  override process(message: Message): Message | Promise<Message> {
    if (message.type !== "event") return message;
    if (!this.#isTold) say({ say: "busy" });
    this.#isTold = true;
    return new Promise(() => undefined);
  }
}

/** Waits for nothing that would keep a process alive, until it is told to stop. */
class Silent extends Listener {
  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    inlet.ready();
    say({ say: "busy" });
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
}

const slowly: Process = async (message) => {
  await new Promise((resolve) => setImmediate(resolve));
  if (message.type === "event" && message.metadata["id"] === 200) say({ say: "busy" });
  return message;
};

const failing: Process = (message) => {
  if (message.type === "event" && message.metadata["id"] === 50) throw new Error("the detector sent nonsense");
  return message;
};

const [ending = "", address = ""] = process.argv.slice(2);
const name = "block";
const endings: Record<string, () => Block[]> = {
  ended: () => [new Block({ name, listeners: [new Numbers(100)] })],
  endless: () => [new Block({ name, listeners: [new Numbers(Number.POSITIVE_INFINITY)], operator: slowly })],
  silent: () => [new Block({ name, listeners: [new Silent()] })],
  failed: () => [
    new Block({ name: "good", listeners: [new Numbers(Number.POSITIVE_INFINITY)], operator: slowly }),
    new Block({ name: "bad", listeners: [new Numbers(100)], operator: failing }),
  ],
  promise: () => [new Block({ name, listeners: [new ZmqListener({ connect: address })], guarantee: "at-least-once" })],
  usage: () => [new Block({ name, listeners: [new Numbers(1)], publishers: [new ZmqPublisher({ bind: address })] })],
  waiting: () => [
    new Block({
      name,
      listeners: [new Numbers(1)],
      publishers: [new ZmqPublisher({ bind: address, waitForSubscribers: 1 })],
    }),
  ],
  left: () => [new Block({ name, listeners: [new Numbers(10)], operator: new Endless(), drainMs: 200 })],
  stuck: () => [new Block({ name, listeners: [new Numbers(10)], operator: new Endless(), drainMs: 60_000 })],
  printed: () => [new Block({ name, listeners: [new Numbers(50_000)], publishers: [new Lines()] })],
  "printed, failed": () => [
    new Block({ name, listeners: [new Numbers(50_000)], publishers: [new Lines()] }),
    new Block({ name: "bad", listeners: [new Numbers(100)], operator: failing }),
  ],
};

process.channel?.unref();
// The programs that fail do so by `run`, whose error nobody takes here, as in a user's program.
await run(...(endings[ending] as () => Block[])());
