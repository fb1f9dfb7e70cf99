import { setTimeout as sleep } from "node:timers/promises";
import { AbortedError } from "../../errors.ts";
import type { Link } from "./link.ts";

/** How often a server is asked: Starts must come to whoever joined before events of their runs are given up (1 s). */
const ASK_EVERY_MS = 200;

/** Asks a server how many subscribe to a channel, and tells when there are more: it does not tell by itself. */
export class Subscribers {
  readonly #link: Link;
  readonly #channel: string;
  readonly #came: () => void;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #patterns = 0;
  #isAsking = false;

  constructor(link: Link, channel: string, came: () => void) {
    this.#link = link;
    this.#channel = channel;
    this.#came = came;
  }

  /** Those of the channel, as last told. */
  get count(): number {
    return this.#count;
  }

  /** Begins to ask; resolves when so many are there. */
  async open(least: number, signal: AbortSignal): Promise<void> {
    await this.#ask();
    while (this.#count < least && !signal.aborted) {
      await sleep(ASK_EVERY_MS / 10, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#ask();
    }
    if (signal.aborted) throw new AbortedError(`RedisPublisher: waiting for ${least} subscribers`);
    this.#timer = setInterval(() => {
      // A lost connection is told by what is published over it.
      if (!this.#isAsking) this.#ask().catch(() => undefined);
    }, ASK_EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    try {
      const [numbers, patterns] = await this.#link.callAll(
        [
          ["PUBSUB", "NUMSUB", this.#channel],
          ["PUBSUB", "NUMPAT"],
        ],
        "give",
      );
      const before = this.#count + this.#patterns;
      this.#count = Array.isArray(numbers) ? Number(numbers[1]) : 0;
      // A user who may not ask for patterns gets an error here.
      this.#patterns = typeof patterns === "number" ? patterns : 0;
      if (this.#count + this.#patterns > before) this.#came();
    } finally {
      this.#isAsking = false;
    }
  }
}
