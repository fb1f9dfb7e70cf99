import { Block } from "../../src/block/block.ts";
import type { BlockOptions } from "../../src/block/options.ts";
import type { BlockEvents } from "../../src/events.ts";
import { type Inlet, Listener, type Replay } from "../../src/listener/listener.ts";
import { Event } from "../../src/message/event.ts";
import type { AnyMessage, Message } from "../../src/message/message.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { Publisher } from "../../src/publisher/publisher.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";

/** Is a promise that a test settles. */
export interface Later<T = void> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export function later<T = void>(): Later<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((good, bad) => {
    resolve = good;
    reject = bad;
  });
  return { promise, resolve, reject };
}

/** Brings what the test puts, and ends or breaks when the test says so. */
export class HandListener extends Listener {
  override readonly replay: Replay;
  /** How many times it was started. */
  attempts = 0;
  /** How each message was settled, in the order in which that happened. */
  readonly settled: string[] = [];
  #inlet: Inlet | undefined;
  #attempt: Later = later();

  constructor(replay: Replay = "log") {
    super();
    this.replay = replay;
  }

  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    this.attempts += 1;
    this.#inlet = inlet;
    this.#attempt = later();
    inlet.ready();
    const attempt = this.#attempt;
    signal.addEventListener("abort", () => attempt.resolve(), { once: true });
    await attempt.promise;
  }

  get inlet(): Inlet {
    return this.#inlet as Inlet;
  }

  /** Puts messages, without waiting for room. */
  put(...messages: readonly Message[]): Promise<void>[] {
    return messages.map(async (message) => {
      const which = name(message);
      await this.inlet.put(message, {
        ack: () => void this.settled.push(`ack ${which}`),
        nack: (reason) => void this.settled.push(`nack ${which} ${reason}`),
      });
    });
  }

  end(): void {
    this.#attempt.resolve();
  }

  break(error: unknown): void {
    this.#attempt.reject(error);
  }
}

/** Keeps the names of what it gets, and says what happens to it. */
export class HandPublisher extends Publisher {
  override readonly confirms = true;
  readonly seen: string[] = [];
  readonly life: string[];
  /** Is called before a message is kept; may throw, or make it wait. */
  before: (message: Message) => void | Promise<void> = () => undefined;
  readonly #name: string;

  constructor(name = "publisher", life: string[] = []) {
    super();
    this.#name = name;
    this.life = life;
  }

  override open(_signal: AbortSignal): void | Promise<void> {
    this.life.push(`${this.#name} opens`);
  }

  override publish(message: Message): void | Promise<void> {
    const wait = this.before(message);
    if (wait === undefined) {
      this.seen.push(name(message));
      return undefined;
    }
    return wait.then(() => void this.seen.push(name(message)));
  }

  override close(): void | Promise<void> {
    this.life.push(`${this.#name} closes`);
  }
}

/** Is a block between one listener and one publisher, on a clock that the test advances. */
export interface HandDriven {
  readonly clock: VirtualClock;
  readonly listener: HandListener;
  readonly publisher: HandPublisher;
  readonly block: Block;
  readonly warnings: string[];
  /** Puts messages and lets all run that can. */
  put(...messages: readonly Message[]): Promise<void>;
  /** Ends the source and lets the clock run until the block has ended; gives its error, if it failed. */
  end(): Promise<unknown>;
}

/** Makes a block and starts it. */
export async function handDriven(
  options: Partial<BlockOptions> & { readonly replay?: Replay } = {},
): Promise<HandDriven> {
  const { replay, ...rest } = options;
  const clock = new VirtualClock();
  const listener = new HandListener(replay);
  const publisher = new HandPublisher();
  const block = new Block(
    { name: "hand", listeners: [listener], publishers: [publisher], operator: (message: Message) => message, ...rest },
    { clock, random: () => 0.5 },
  ) as Block;
  const warnings: string[] = [];
  block.on("warning", ({ message }: BlockEvents["warning"]) => void warnings.push(message));
  await block.ready();
  return {
    clock,
    listener,
    publisher,
    block,
    warnings,
    put: (...messages) => {
      for (const put of listener.put(...messages)) put.catch(() => undefined);
      return clock.settle();
    },
    end: async () => {
      listener.end();
      await clock.runUntil(block.finished.catch(() => undefined));
      return block.finished.then(
        () => undefined,
        (error: unknown) => error,
      );
    },
  };
}

/** Says which message it is, in few words. */
export function name(message: AnyMessage): string {
  if (message.type === "start") return `start ${message.run}${message.resumed ? " resumed" : ""}`;
  if (message.type === "stop")
    return `stop ${message.run}${message.reason === "completed" ? "" : ` ${message.reason}`}`;
  return `${message.run === undefined ? "" : `${message.run} `}${message.field("n")}`;
}

export const start = (run = "r"): Start => new Start({}, { run });
export const event = (n: number, run: string | undefined = "r"): Event => new Event({ n }, new Uint8Array(1), { run });
export const free = (n: number): Event => new Event({ n }, new Uint8Array(1));
export const stop = (run = "r"): Stop => new Stop({}, { run });
export const events = (count: number, run = "r"): Event[] =>
  Array.from({ length: count }, (_, index) => event(index + 1, run));
