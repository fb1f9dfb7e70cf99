import { XPublisher, XSubscriber } from "zeromq";
import { received } from "../../src/transports/zmq/received.ts";

/** A wire message on its way through a spoiler. */
export interface Passing {
  readonly kind: "start" | "event" | "stop" | "alive" | "other";
  /** The topic under which it goes; "" for none. */
  readonly topic: string;
  /** How many of this kind and topic went before it. */
  readonly number: number;
  readonly frames: readonly Uint8Array[];
}

/** Decides what becomes of a wire message: how often it goes on, or the messages that take its place. */
export type Faults = (passing: Passing) => number | readonly (readonly Uint8Array[])[];

const KINDS = ["other", "start", "event", "stop", "alive"] as const;

/** Stands between a publisher and its subscribers, with the package `zeromq` alone, and does harm by plan. */
export class Spoiler implements AsyncDisposable {
  readonly #in: XSubscriber;
  readonly #out: XPublisher;
  readonly #faults: Faults;
  readonly #counts = new Map<string, number>();
  #passing: Promise<unknown> = Promise.resolve();

  static async open(from: string, to: string, faults: Faults): Promise<Spoiler> {
    const spoiler = new Spoiler(from, faults);
    await spoiler.#out.bind(to);
    spoiler.#passing = Promise.all([spoiler.#pass(), spoiler.#passSubscriptions()]);
    return spoiler;
  }

  private constructor(from: string, faults: Faults) {
    this.#faults = faults;
    this.#in = new XSubscriber({ linger: 0, receiveHighWaterMark: 0, reconnectInterval: 20 });
    this.#out = new XPublisher({ linger: 1_000, sendHighWaterMark: 0, verbosity: "allSubs" });
    this.#in.connect(from);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#in.close();
    this.#out.close();
    await this.#passing;
  }

  async #pass(): Promise<void> {
    for (let frames = await received(this.#in); frames !== undefined; frames = await received(this.#in)) {
      const fate = this.#faults(this.#look(frames));
      const out = typeof fate === "number" ? Array.from({ length: fate }, () => frames) : fate;
      for (const one of out) await this.#out.send(one as Uint8Array[]);
    }
  }

  async #passSubscriptions(): Promise<void> {
    for (let frames = await received(this.#out); frames !== undefined; frames = await received(this.#out)) {
      if (!this.#in.closed) await this.#in.send(frames);
    }
  }

  #look(frames: readonly Uint8Array[]): Passing {
    const header = frames.findIndex((frame) => Buffer.from(frame.subarray(0, 3)).toString() === "AYO");
    const kind = KINDS[frames[header]?.[4] ?? 0] ?? "other";
    const topic = header > 0 ? Buffer.from(frames[0] as Uint8Array).toString() : "";
    const key = `${kind} ${topic}`;
    const number = this.#counts.get(key) ?? 0;
    this.#counts.set(key, number + 1);
    return { kind, topic, number, frames };
  }
}
