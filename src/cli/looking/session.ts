import type { Listener } from "../../listener/listener.ts";
import type { Codec } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import { type Guess, guess, type LoadCodec } from "./guess.ts";
import { Observer } from "./observer.ts";
import { Rate } from "./rate.ts";
import { signsOf } from "./signs.ts";
import { WireSource } from "./wire-source.ts";

/** A format that has no mark of its own is judged by so many messages, */
const ENOUGH = 8;
/** or by those that came in this time. */
const PATIENCE_MS = 400;

/** Says how a stream is looked at. */
export interface SessionOptions {
  readonly listener: Listener<AnyMessage>;
  /** The codec, where it is given; else it is guessed. */
  readonly codec: Codec | undefined;
  readonly load: LoadCodec;
  /** True stops at the first event. */
  readonly isOnce: boolean;
}

/** Looks at one stream: connects, waits for its first messages, guesses their format, watches. */
export class Session implements AsyncDisposable {
  readonly source: WireSource;
  observer: Observer | undefined;
  readonly #options: SessionOptions;
  readonly #stop = new AbortController();
  readonly #rate = new Rate();
  readonly #byteRate = new Rate();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.source = new WireSource(options.listener, this.#stop.signal);
  }

  /** Resolves when the first messages came and their format is known; rejects when the stream cannot be read. */
  async recognised(signal: AbortSignal): Promise<Observer | undefined> {
    const { codec, load, isOnce } = this.#options;
    await this.#collect(signal, codec !== undefined);
    if (signal.aborted || this.source.waiting.length === 0) return undefined;
    const found: Guess =
      codec === undefined ? await guess(this.source.waiting, load) : { codec, certainty: "given", note: undefined };
    const observer = new Observer(this.source, found);
    this.observer = observer;
    if (isOnce) observer.step();
    await observer.begin();
    return observer;
  }

  /** The rates over the last two seconds. */
  rates(nowMs: number): { readonly perSecond: number; readonly bytesPerSecond: number } {
    const { messages, bytes } = this.source;
    return { perSecond: this.#rate.of(messages, nowMs), bytesPerSecond: this.#byteRate.of(bytes, nowMs) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.observer?.end();
    await this.source.ended.catch(() => undefined);
  }

  /** Waits for the messages that a guess needs. */
  async #collect(signal: AbortSignal, isGiven: boolean): Promise<void> {
    const { source } = this;
    let timer: NodeJS.Timeout | undefined;
    let forget: () => void = () => undefined;
    let stop: () => void = () => undefined;
    const enough = new Promise<void>((resolve) => {
      stop = resolve;
      const look = (): void => {
        const { waiting } = source;
        if (waiting.length === 0) return;
        // The first message of a run tells most.
        const isPlain = isGiven || waiting.some((frames) => signsOf(frames)[0]?.certainty === "sure");
        if (isPlain || waiting.length >= ENOUGH) resolve();
        else timer ??= setTimeout(resolve, PATIENCE_MS);
      };
      // After the message is among those that wait.
      forget = source.onMessage(() => queueMicrotask(look));
      look();
    });
    if (signal.aborted) return;
    signal.addEventListener("abort", stop, { once: true });
    try {
      await Promise.race([enough, source.ended]);
    } finally {
      signal.removeEventListener("abort", stop);
      clearTimeout(timer);
      forget();
    }
  }
}
