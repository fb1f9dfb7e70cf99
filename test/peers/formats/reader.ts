import {
  type Account,
  Block,
  type Event,
  type Listener,
  type Message,
  type Payload,
  type Publisher,
  type Start,
  type Stop,
} from "arroyojs";
import { until } from "../../../src/testing/conformance/until.ts";
import { Collected, Given } from "../ends.ts";
import type { Program } from "../program.ts";

const PATIENCE_MS = 30_000;

/** Reads what a listener brings, with a block as a user has it. */
export class Reader implements AsyncDisposable {
  readonly #block: Block;
  readonly #collected: Collected;

  static async open(...listeners: Listener[]): Promise<Reader> {
    const collected = new Collected();
    const block = new Block({ name: "ours", listeners, publishers: [collected] });
    await block.start();
    return new Reader(block, collected);
  }

  private constructor(block: Block, collected: Collected) {
    this.#block = block;
    this.#collected = collected;
  }

  get messages(): readonly Message[] {
    return this.#collected.messages;
  }

  get events(): readonly Event<Readonly<Record<string, unknown>>, Payload>[] {
    return this.#collected.messages.filter((message) => message.type === "event") as Event[];
  }

  get starts(): readonly Start[] {
    return this.#collected.messages.filter((message) => message.type === "start") as Start[];
  }

  get stops(): readonly Stop[] {
    return this.#collected.messages.filter((message) => message.type === "stop") as Stop[];
  }

  get account(): Account {
    return this.#block.account;
  }

  /** Waits until the listeners are connected. */
  ready(): Promise<void> {
    return this.#block.ready();
  }

  /** Waits until so many events have come from a program that has not ended badly. */
  async has(events: number, program: Program): Promise<void> {
    await this.#until(() => this.events.length >= events, `${events} events`, program);
  }

  /** Waits until so many runs have ended, of a program that has not ended badly. */
  async hasStops(stops: number, program: Program): Promise<void> {
    await this.#until(() => this.stops.length >= stops, `${stops} stops`, program);
  }

  async #until(condition: () => boolean, what: string, program: Program): Promise<void> {
    let failed: unknown;
    program.output().catch((error: unknown) => {
      failed = error;
    });
    await until(() => condition() || failed !== undefined, what, PATIENCE_MS).catch((error: unknown) => {
      throw new Error(`${what}: not yet, ${JSON.stringify(this.#block.account)}`, { cause: error });
    });
    if (!condition()) throw failed;
  }

  stop(): Promise<Account> {
    return this.#block.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#block[Symbol.asyncDispose]();
  }
}

/** Sends messages through a publisher, with a block as a user has it, and gives its account when all have left. */
export async function send(messages: readonly Message[], publisher: Publisher): Promise<Account> {
  await using block = new Block({ name: "ours", listeners: [new Given(messages)], publishers: [publisher] });
  await block.start();
  return await block.finished;
}
