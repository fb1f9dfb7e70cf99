import { type Inlet, type PlatformInlet, platformInlet } from "../../listener/listener.ts";
import type { Decoded } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Settlement } from "../../queue/settlement.ts";

/** Gives messages to one inlet, one put at a time, from the call of a listener's `start` to its return. */
export abstract class Reading {
  /** Resolves when the listener's `start` may return; rejects with what the inlet threw. */
  readonly ended: Promise<void>;
  readonly #inlet: Pick<PlatformInlet<AnyMessage>, "putDecoded">;
  readonly #topics: readonly string[] | undefined;
  readonly #followed = new Map<string, boolean>();
  readonly #signal: AbortSignal;
  readonly #aborted = (): void => this.end();
  #full = false;
  #over = false;
  #settle: { resolve(): void; reject(error: unknown): void } = { resolve() {}, reject() {} };

  /** The signal must not be aborted already. */
  constructor(inlet: Inlet<AnyMessage>, topics: readonly string[] | undefined, signal: AbortSignal) {
    this.#inlet = platformInlet(inlet) ?? plain(inlet);
    this.#topics = topics;
    this.#signal = signal;
    this.ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    signal.addEventListener("abort", this.#aborted, { once: true });
  }

  /** True while a put waits. */
  get full(): boolean {
    return this.#full;
  }

  /** True when nothing more may be put. */
  get over(): boolean {
    return this.#over;
  }

  /** Tells whether a message is for this reader. */
  follows(decoded: Decoded<AnyMessage>): boolean {
    return this.#topics === undefined || this.#followsTopic(decoded, this.#topics);
  }

  /** Leaves: the listener's `start` returns, or throws the error. */
  end(error?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#full = false;
    this.#signal.removeEventListener("abort", this.#aborted);
    this.left();
    if (error === undefined) this.#settle.resolve();
    else this.#settle.reject(error);
  }

  /** Puts a message; afterwards there may be no room. */
  protected give(decoded: Decoded<AnyMessage>, settlement?: Settlement): void {
    let wait: void | Promise<void>;
    try {
      wait = this.#inlet.putDecoded(decoded, settlement);
    } catch (error) {
      this.end(error);
      return;
    }
    if (wait !== undefined && !this.#over) this.#await(wait);
  }

  /** Is called when there is room again. */
  protected abstract room(): void;

  /** Is called once, when this reader leaves. */
  protected abstract left(): void;

  #followsTopic({ message, hop, control }: Decoded<AnyMessage>, topics: readonly string[]): boolean {
    if (message.type !== "event" || control === true || hop === undefined) return true;
    const { topic } = hop;
    let follows = this.#followed.get(topic);
    if (follows === undefined) {
      follows = topics.some((prefix) => topic.startsWith(prefix));
      this.#followed.set(topic, follows);
    }
    return follows;
  }

  #await(wait: Promise<void>): void {
    this.#full = true;
    wait.then(
      () => {
        if (this.#over) return;
        this.#full = false;
        this.room();
      },
      (error: unknown) => this.end(error),
    );
  }
}

/** Serves an inlet outside of a block, which takes messages and nothing else. */
function plain(inlet: Inlet<AnyMessage>): Pick<PlatformInlet<AnyMessage>, "putDecoded"> {
  return {
    putDecoded: ({ message, control }, settlement) => (control === true ? undefined : inlet.put(message, settlement)),
  };
}
