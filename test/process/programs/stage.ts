// One process of a chain over PUB/SUB: the detector, the middle or the sink, as its options say.
import { Block, Event, type Inlet, Listener, type Message, Operator, run, Start, Stop } from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { type Death, Executioner } from "./death.ts";
import { Journal } from "./journal.ts";
import { say, takeOrders, tellOf } from "./speech.ts";

/** Describes a stage. */
export interface StageOptions {
  readonly name: string;
  /** Where it reads; the detector makes its messages itself. */
  readonly from?: string;
  /** Where it publishes; the sink does not. */
  readonly to?: string;
  /** Its file of what the operator saw, and in the detector of what was published. */
  readonly journal: string;
  /** Which life of this stage it is, from 0 on. */
  readonly life: number;
  readonly death?: Death;
  readonly subscribers?: number;
  readonly payloadBytes?: number;
  /** Bounds of its sockets. */
  readonly sockets?: { readonly maxBytes: number; readonly messageBytes: number };
  /** The implementation of ZeroMQ. */
  readonly engine?: "libzmq" | "zmtp";
  readonly abandonAfterMs?: number;
}

/** What the detector is told to send; any stage says how much memory it has. */
export type StageOrder =
  | { readonly send: "memory" }
  | { readonly send: "start"; readonly run: string }
  | { readonly send: "stop"; readonly run: string }
  | { readonly send: "events"; readonly run: string; readonly count: number };

type Sending = Exclude<StageOrder, { readonly send: "memory" }>;

/** Sends what it is told to send. */
class Ordered extends Listener {
  readonly #orders: Sending[] = [];
  #wake: () => void = () => undefined;
  #id = 0;

  take(order: Sending): void {
    this.#orders.push(order);
    this.#wake();
  }

  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    inlet.ready();
    signal.addEventListener("abort", () => this.#wake());
    while (!signal.aborted) {
      const order = this.#orders.shift();
      if (order === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else if (order.send === "start") await inlet.put(new Start({}, { run: order.run }));
      else if (order.send === "stop") await inlet.put(new Stop({}, { run: order.run }));
      else for (let left = order.count; left > 0 && !signal.aborted; left -= 1) await inlet.put(this.#event(order.run));
    }
  }

  #event(run: string): Event {
    const metadata = { id: this.#id, life: options.life };
    this.#id += 1;
    return new Event(metadata, new Uint8Array(options.payloadBytes ?? 8), { run, timeMs: Date.now() });
  }
}

/** Writes down what it sees, and passes it on as a message of its own. */
class Watch extends Operator {
  override process(message: Message): Message {
    let result = message;
    const isMine = options.from !== undefined;
    const look = (): void => {
      if (isMine) journal.write(message);
      if (message.type === "event") {
        result = message.with({ metadata: { ...message.metadata, [options.name]: options.life } });
        if (options.to === undefined) say({ say: "event", id: message.metadata["id"], life: message.metadata["life"] });
      }
    };
    if (isMine && options.to === undefined) executioner.around(message, look);
    else look();
    return result;
  }
}

/** Writes down what it published, where it is the detector. */
class Published extends ZmqPublisher<Message> {
  override publish(message: Message): void | Promise<void> {
    return executioner.around(message, () => {
      const sent = super.publish(message);
      if (options.from === undefined) journal.write(message);
      return sent;
    });
  }
}

const options = JSON.parse(process.argv[2] as string) as StageOptions;
const journal = new Journal(options.journal);
const executioner = new Executioner(options.death);
const { name, from, to, subscribers = 1, engine = "auto", abandonAfterMs } = options;
const zmq = { reconnectMaxMs: 50, engine, ...options.sockets } as const;

const ordered = new Ordered();
takeOrders((order: StageOrder) => {
  if (order.send === "memory") say({ say: "memory", rss: process.memoryUsage.rss() });
  else ordered.take(order);
});
const block = new Block({
  name,
  listeners: [from === undefined ? ordered : new ZmqListener({ ...zmq, connect: from })],
  operator: new Watch(),
  publishers: to === undefined ? [] : [new Published({ ...zmq, bind: to, waitForSubscribers: subscribers })],
  ...(abandonAfterMs === undefined ? {} : { abandonAfterMs }),
});
tellOf(block);
await run(block);
