const FIRST_MS = 1000;

/**
 * Calls an address again where libzmq has given it up: it tries for ever while nobody answers, but after a refused key,
 * another kind of socket or a frame over its limit it never tries again, and says nothing.
 */
export class Redial {
  readonly #call: () => void;
  readonly #maxMs: number;
  #timer: NodeJS.Timeout | undefined;
  #nextMs = FIRST_MS;

  constructor(call: () => void, maxMs: number) {
    this.#call = call;
    this.#maxMs = maxMs;
  }

  /** Takes what the monitor tells: an end that is not followed by another attempt was the last one. */
  hear(type: string): void {
    if (type === "handshake") this.#nextMs = FIRST_MS;
    if (type.startsWith("connect")) this.stop();
    if (type !== "disconnect") return;
    this.stop();
    this.#timer = setTimeout(() => {
      this.#nextMs = Math.min(this.#nextMs * 2, Math.max(this.#maxMs, FIRST_MS));
      this.#call();
    }, this.#nextMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
