import { Listener, type PlatformInlet } from "../../listener/listener.ts";
import type { Codec, Frames } from "../../message/codec.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import type { AnyMessage } from "../../message/message.ts";

type Wire = readonly Uint8Array[];

/** Messages that are kept until their format is known. */
const MOST_WAITING = 16;

/** Holds the connection of `look`: counts what comes, keeps the first messages until their format is known. */
export class WireSource {
  /** Wire messages that came. */
  messages = 0;
  bytes = 0;
  /** Whether the other side is there; undefined until it is known. */
  isConnected: boolean | undefined;
  /** What the transport warned of, the newest last. */
  readonly warnings: string[] = [];
  /** Settles when the source ends, or rejects when it cannot be read. */
  readonly ended: Promise<void>;
  readonly #waiting: Wire[] = [];
  readonly #arrived = new Set<() => void>();
  #taker: PlatformInlet | undefined;
  #room: (() => void) | undefined;

  constructor(listener: Listener<AnyMessage>, signal: AbortSignal) {
    const inlet: PlatformInlet = {
      limits: DEFAULT_LIMITS,
      ready: () => undefined,
      put: () => undefined,
      putDecoded: () => undefined,
      putFrames: (frames) => this.#take(frames),
      connected: (isUp) => {
        this.isConnected = isUp;
        this.#taker?.connected(isUp);
      },
      follow: () => undefined,
      lost: (messages, reason) => this.#taker?.lost(messages, reason),
      warn: (message) => {
        if (this.warnings.at(-1) !== message) this.warnings.push(message);
        if (this.warnings.length > MOST_WAITING) this.warnings.shift();
      },
    };
    this.ended = listener.start(inlet as PlatformInlet<AnyMessage>, signal);
    this.ended.catch(() => undefined);
  }

  /** The messages that came before their format was known. */
  get waiting(): readonly Wire[] {
    return this.#waiting;
  }

  /** Calls back at each message until it is taken back. */
  onMessage(callback: () => void): () => void {
    this.#arrived.add(callback);
    return () => void this.#arrived.delete(callback);
  }

  /** Gives what waits, and all that comes, to an inlet from now on. */
  async handTo(inlet: PlatformInlet): Promise<void> {
    this.#taker = inlet;
    if (this.isConnected !== undefined) inlet.connected(this.isConnected);
    for (let frames = this.#waiting.shift(); frames !== undefined; frames = this.#waiting.shift()) {
      await inlet.putFrames(frames);
    }
    this.#room?.();
    this.#room = undefined;
  }

  #take(given: Frames): void | Promise<void> {
    const frames: Wire = given instanceof Uint8Array ? [given] : given;
    this.messages += 1;
    for (const frame of frames) this.bytes += frame.length;
    for (const callback of [...this.#arrived]) callback();
    if (this.#taker !== undefined && this.#waiting.length === 0) return this.#taker.putFrames(frames);
    this.#waiting.push(frames);
    if (this.#waiting.length < MOST_WAITING) return;
    return new Promise((resolve) => {
      this.#room = resolve;
    });
  }
}

/** Brings what a source receives into a block, read by the codec that was guessed. */
export class WireListener extends Listener<AnyMessage> {
  override readonly codec: Codec;
  override readonly control = true;
  readonly #source: WireSource;

  constructor(source: WireSource, codec: Codec) {
    super();
    this.#source = source;
    this.codec = codec;
  }

  override async start(inlet: PlatformInlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    inlet.ready();
    await this.#source.handTo(inlet as unknown as PlatformInlet);
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([this.#source.ended, aborted]);
  }
}
