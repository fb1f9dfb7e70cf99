import { AbortedError } from "../../errors.ts";
import type { Sender, Sending, Target, Wire } from "./sending.ts";
import type { Joiner } from "./socket.ts";
import { coversLifecycle, Subscribers } from "./subscribers.ts";

/** So many who join are answered at once, in each window of time; the others together at its end: no flood of Starts. */
const AT_ONCE = 20;
const WINDOW_MS = 100;

/** Sends everything to everybody (PUB), and the Starts of open runs again whenever somebody joins. */
export class Broadcast implements Sending {
  readonly #sender: Sender;
  readonly #targets: readonly Target[];
  readonly #subscribers = new Subscribers();
  #waiting: Waiting | undefined;
  #window: NodeJS.Timeout | undefined;
  #joined = 0;

  constructor(sender: Sender, targets: readonly Target[]) {
    this.#sender = sender;
    this.#targets = targets;
    for (const { socket } of targets) {
      socket.subscriptions((prefix, isWanted, joiner) => this.#hear(prefix, isWanted, joiner));
    }
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
    clearTimeout(this.#window);
    const { count, reject } = this.#waiting ?? {};
    this.#waiting = undefined;
    reject?.(new AbortedError(`${this.#sender.subject}: waiting for ${count} subscribers`));
  }

  #hear(prefix: Uint8Array, isWanted: boolean, joiner?: Joiner): void {
    this.#subscribers.hear(prefix, isWanted);
    this.#count();
    if (!isWanted || !coversLifecycle(prefix)) return;
    this.#joined += 1;
    if (this.#joined <= AT_ONCE) this.#repeat(joiner);
    this.#window ??= setTimeout(() => this.#endWindow(), WINDOW_MS).unref();
  }

  #endWindow(): void {
    const isSomebodyLeft = this.#joined > AT_ONCE;
    this.#window = undefined;
    this.#joined = 0;
    if (isSomebodyLeft) this.#repeat();
  }

  /** Gives the Starts to the one who joined, before all else; to everybody where the engine cannot tell them apart. */
  #repeat(joiner?: Joiner): void {
    const wire = this.#sender.again?.() ?? [];
    if (joiner === undefined) this.send(wire);
    else for (const frames of wire) joiner.take(frames);
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
