import {
  type Account,
  Block,
  type BlockOptions,
  Event,
  type Message,
  Operator,
  type PublisherEntry,
  Start,
  Stop,
} from "arroyojs";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { until } from "../../src/testing/conformance/until.ts";
import { Places } from "../transports/zmq/places.ts";
import { PATIENCE_MS } from "./child.ts";
import { type Segment, segmentsOf } from "./journals.ts";
import { type Entry, entryOf } from "./programs/journal.ts";
import { Given } from "./sources.ts";
import { type Faults, Spoiler } from "./spoiler.ts";

/** Keeps what an operator sees. */
class Recorder extends Operator {
  readonly entries: Entry[] = [];

  override process(message: Message): Message {
    this.entries.push(entryOf(message));
    return message;
  }
}

/** Publishes, and holds up everything while it is closed. */
export class Gate extends ZmqPublisher<Message> {
  #open = Promise.resolve();
  #release: () => void = () => undefined;

  shut(): void {
    this.#open = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#release();
  }

  override async publish(message: Message): Promise<void> {
    await this.#open;
    await super.publish(message);
  }
}

/** A block between the two ends. */
export interface MiddleOptions {
  readonly topics?: readonly string[];
  /** Gives the publisher its place. */
  readonly place?: (gate: Gate) => PublisherEntry<Message>;
}

/** What a hop can be told. */
export interface HopOptions {
  /** A third block in between, which makes it two hops; the spoiler stands before it. */
  readonly middle?: MiddleOptions;
  /** The topics that the reader asks for. */
  readonly topics?: readonly string[];
  /** What the spoiler in between does; without it there is none. */
  readonly faults?: Faults;
  readonly reader?: Partial<BlockOptions>;
}

/** One hop in this process: a publishing block, perhaps a spoiler that does harm, and a reading block. */
export class Hop implements AsyncDisposable {
  readonly #places = new Places();
  readonly #source = new Given();
  readonly #recorder = new Recorder();
  readonly #opened: AsyncDisposable[] = [];
  #writer!: Block;
  #middle: Block | undefined;
  #reader!: Block;
  #sent = 0;

  static async open(options: HopOptions = {}): Promise<Hop> {
    const hop = new Hop();
    try {
      await hop.#open(options);
    } catch (error) {
      await hop[Symbol.asyncDispose]();
      throw error;
    }
    return hop;
  }

  /** What the reading operator saw. */
  get entries(): readonly Entry[] {
    return this.#recorder.entries;
  }

  get segments(): readonly Segment[] {
    return segmentsOf(this.entries);
  }

  /** The account of the reading block. */
  get account(): Account {
    return this.#reader.account;
  }

  /** Sends a run of events, one after the other; the topic is taken from the list in turn. */
  async run(run: string, count: number, topics: readonly string[] = [""]): Promise<void> {
    await this.#source.give(new Start({}, { run }));
    await this.events(run, count, topics);
    await this.#source.give(new Stop({}, { run }));
  }

  /** Begins a run. */
  start(run: string): Promise<void> {
    return this.#source.give(new Start({}, { run }));
  }

  /** Sends events of a run. */
  async events(run: string, count: number, topics: readonly string[] = [""]): Promise<void> {
    for (let sent = 0; sent < count; sent += 1) {
      const metadata = { id: this.#sent, life: 0, topic: topics[sent % topics.length] };
      this.#sent += 1;
      await this.#source.give(new Event(metadata, new Uint8Array(8), { run }));
    }
  }

  /** Ends a run. */
  stop(run: string): Promise<void> {
    return this.#source.give(new Stop({}, { run }));
  }

  /** Resolves when the reader's operator saw so many Stops. */
  async stops(count: number): Promise<void> {
    const seen = (): number => this.entries.filter(({ type }) => type === "stop").length;
    await this.until(() => seen() >= count, `${count} Stops`);
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    await until(condition, `${what}; account: ${JSON.stringify(this.account)}`, PATIENCE_MS);
  }

  /** Ends the publishing block, then the reading one, and gives the account of the reader. */
  async end(): Promise<Account> {
    this.#source.end();
    await this.#writer.finished;
    await this.#middle?.stop();
    return this.#reader.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#opened.reverse()) await one[Symbol.asyncDispose]();
    await this.#places[Symbol.asyncDispose]();
  }

  /** The account of the block in between. */
  get middle(): Account | undefined {
    return this.#middle?.account;
  }

  async #open({ topics, faults, reader, middle }: HopOptions): Promise<void> {
    const from = await this.#places.free("ipc");
    let to = from;
    if (faults !== undefined) {
      to = await this.#places.free("ipc");
      this.#opened.push(await Spoiler.open(from, to, faults));
    }
    if (middle !== undefined) {
      const onward = await this.#places.free("ipc");
      const gate = new Gate({ bind: onward, waitForSubscribers: 1, topic: topicOf });
      this.#middle = new Block({
        name: "middle",
        listeners: [new ZmqListener({ connect: to, ...asked(middle.topics) })],
        publishers: [middle.place?.(gate) ?? gate],
      });
      this.#opened.push(this.#middle);
      to = onward;
    }
    this.#reader = new Block({
      name: "reader",
      listeners: [new ZmqListener({ connect: to, ...asked(topics) })],
      operator: this.#recorder,
      ...reader,
    });
    this.#writer = new Block({
      name: "writer",
      listeners: [this.#source],
      publishers: [new ZmqPublisher({ bind: from, waitForSubscribers: 1, topic: topicOf })],
    });
    this.#opened.push(this.#reader, this.#writer);
    await Promise.all([this.#reader, this.#middle, this.#writer].map((block) => block?.ready()));
  }
}

function asked(topics: readonly string[] | undefined): { readonly topics?: readonly string[] } {
  return topics === undefined ? {} : { topics };
}

function topicOf(message: Message): string {
  return message.type === "event" ? String(message.metadata["topic"]) : "";
}
