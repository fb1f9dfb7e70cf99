import type { Duplex } from "node:stream";
import { text } from "../../../errors.ts";
import { Backoff } from "../../../time/backoff.ts";
import type { Peer } from "./peer.ts";
import { call } from "./places.ts";

/** Says what a call needs. */
interface Caller {
  readonly reconnectMaxMs: number;
  make(stream: Duplex): Peer;
  trouble(reason: string): void;
}

/** Calls one address, again and again until its end. */
export class Call {
  readonly #address: string;
  readonly #caller: Caller;
  readonly #backoff = new Backoff(Math.random);
  #retry: NodeJS.Timeout | undefined;
  #giveUp: (() => void) | undefined;
  #isOver = false;

  constructor(address: string, caller: Caller) {
    this.#address = address;
    this.#caller = caller;
  }

  dial(): void {
    if (this.#isOver) return;
    const { make, trouble } = this.#caller;
    try {
      this.#giveUp = call(this.#address, make, () => this.dialLater());
    } catch (error) {
      trouble(`cannot be made: ${text(error)}`);
      this.dialLater();
    }
  }

  dialLater(): void {
    if (this.#isOver) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.dial(), Math.min(this.#backoff.next(), this.#caller.reconnectMaxMs));
  }

  /** Notes that a handshake is over: the next pause is a short one. */
  answered(): void {
    this.#backoff.reset();
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#retry);
    this.#giveUp?.();
  }
}
