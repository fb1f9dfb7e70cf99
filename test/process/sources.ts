import { type Inlet, Listener, type Message } from "arroyojs";

/** Brings in what a test gives it, one after the other, until the test ends it. */
export class Given extends Listener {
  readonly #waiting: { readonly message: Message; readonly taken: () => void }[] = [];
  #wake: () => void = () => undefined;
  #isEnded = false;

  /** Resolves when all these messages are in the block. */
  async give(...messages: readonly Message[]): Promise<void> {
    const takes = messages.map((message) => new Promise<void>((taken) => void this.#waiting.push({ message, taken })));
    this.#wake();
    await Promise.all(takes);
  }

  /** Ends the source. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    inlet.ready();
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const next = this.#waiting.shift();
      if (next !== undefined) {
        await inlet.put(next.message);
        next.taken();
      } else if (this.#isEnded) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
