import { ConnectionError } from "../../errors.ts";
import type { Link, OpenChannel } from "./link.ts";

/** How much may be without an answer. */
const WINDOW_BYTES = 8 * 1024 * 1024;

/** Follows the messages of one batch until the broker has confirmed all of them. */
export class Confirming {
  readonly #subject: string;
  readonly #link: Link;
  readonly #open: OpenChannel;
  #unanswered = 0;
  #bytes = 0;
  #isRefused = false;
  #isLost = false;
  #returned = "";
  #wake: (() => void) | undefined;

  constructor(subject: string, link: Link, open: OpenChannel) {
    this.#subject = subject;
    this.#link = link;
    this.#open = open;
  }

  /** Takes one more message, and gives what the client calls with the answer. */
  sent(bytes: number): (error: unknown) => void {
    this.#unanswered += 1;
    this.#bytes += bytes;
    return (error) => {
      this.#unanswered -= 1;
      this.#bytes -= bytes;
      if (error !== null && error !== undefined) {
        if (this.#open.isClosed || this.#link.isClosed || !isNack(error)) this.#isLost = true;
        else this.#isRefused = true;
      }
      if (this.#unanswered === 0 || this.#bytes < WINDOW_BYTES) this.#woken();
    };
  }

  /** Notes that no queue took a message. */
  returned(why: string): void {
    this.#returned = why;
  }

  /** True when the next message has to wait for answers. */
  get isFull(): boolean {
    return this.#bytes >= WINDOW_BYTES && !this.#isLost;
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.isFull) await this.#sleep();
  }

  /** Resolves when everything is confirmed; throws the reason where it is not. */
  async all(): Promise<void> {
    while (this.#unanswered > 0) await this.#sleep();
    if (this.#isLost) throw await this.#open.lost;
    if (this.#isRefused) {
      throw new ConnectionError(
        `${this.#subject}: ${this.#link.place} did not take a message: its queue is full, or its node can't keep it`,
      );
    }
    if (this.#returned !== "") {
      throw new ConnectionError(
        `${this.#subject}: ${this.#link.place}: ${this.#returned}; bind a queue, or say mandatory: false`,
      );
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #woken(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

function isNack(error: unknown): boolean {
  return error instanceof Error && error.message === "message nacked";
}
