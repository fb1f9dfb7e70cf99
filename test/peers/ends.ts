import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AnyMessage, type Inlet, Listener, type Message, Publisher } from "arroyojs";

/** Brings given messages in, and ends. */
export class Given extends Listener {
  readonly #messages: readonly Message[];

  constructor(messages: readonly Message[]) {
    super();
    this.#messages = messages;
  }

  override async start(inlet: Inlet): Promise<void> {
    inlet.ready();
    for (const message of this.#messages) await inlet.put(message);
  }
}

/** Keeps what is published. */
export class Collected extends Publisher<AnyMessage> {
  readonly messages: Message[] = [];

  /** How many runs have ended. */
  get stops(): number {
    return this.messages.filter(({ type }) => type === "stop").length;
  }

  override publish(message: AnyMessage): void {
    this.messages.push(message as Message);
  }
}

/** Gives paths that nobody else uses, as addresses of ZeroMQ. */
export class Addresses implements AsyncDisposable {
  readonly #folder: string;
  #made = 0;

  static async open(): Promise<Addresses> {
    return new Addresses(await mkdtemp(join(tmpdir(), "arroyo-peers-")));
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  next(): string {
    this.#made += 1;
    return `ipc://${join(this.#folder, String(this.#made))}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
