import { AbortedError } from "../../errors.ts";
import type { Sender, Sending, Target, Wire } from "./sending.ts";
import { coversLifecycle, Subscribers } from "./subscribers.ts";

/** Who joins within this time is answered together: a flood of subscriptions makes no flood of Starts. */
const JOIN_MS = 20;

/** Sends everything to everybody (PUB), and the Starts of open runs again whenever somebody joins. */
export class Broadcast implements Sending {
  readonly #sender: Sender;
  readonly #targets: readonly Target[];
  readonly #subscribers = new Subscribers();
  #waiting: Waiting | undefined;
  #join: NodeJS.Timeout | undefined;
  #isJoined = false;

  constructor(sender: Sender, targets: readonly Target[]) {
    this.#sender = sender;
    this.#targets = targets;
    for (const { socket } of targets) socket.subscriptions((prefix, isWanted) => this.#hear(prefix, isWanted));
  }

  get readers(): number {
    return this.#subscribers.count;
  }

  /** Resolves when so many subscribers are there at the same time; rejects at `close`. */
  subscribed(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { count, resolve, reject };
      this.#count();
    });
  }

  send(wire: Wire): void {
    for (let index = 0; index < wire.length; index += 1) {
      const frames = wire[index] as readonly Uint8Array[];
      for (let to = 0; to < this.#targets.length; to += 1) this.#targets[to]?.socket.take(frames);
    }
  }

  signOfLife(make: () => readonly Uint8Array[] | undefined): void {
    const frames = make();
    if (frames !== undefined) this.send([frames]);
  }

  close(): void {
    clearTimeout(this.#join);
    const { count, reject } = this.#waiting ?? {};
    this.#waiting = undefined;
    reject?.(new AbortedError(`${this.#sender.subject}: waiting for ${count} subscribers`));
  }

  #hear(prefix: Uint8Array, isWanted: boolean): void {
    this.#subscribers.hear(prefix, isWanted);
    this.#count();
    if (!isWanted || !coversLifecycle(prefix)) return;
    this.#isJoined = true;
    if (this.#join === undefined) this.#answer();
  }

  #answer(): void {
    this.#join = undefined;
    if (!this.#isJoined) return;
    this.#isJoined = false;
    this.send(this.#sender.again?.() ?? []);
    this.#join = setTimeout(() => this.#answer(), JOIN_MS).unref();
  }

  #count(): void {
    if (this.#waiting === undefined || this.#subscribers.count < this.#waiting.count) return;
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve();
  }
}

interface Waiting {
  readonly count: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}
