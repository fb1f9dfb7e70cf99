import { isRetryable, text } from "../../errors.ts";
import { Listener, type PlatformInlet } from "../../listener/listener.ts";
import type { Codec, Decoded, Frames } from "../../message/codec.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import type { AnyMessage } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import type { Settlement } from "../../queue/settlement.ts";
import { Backoff } from "../../time/backoff.ts";
import { systemClock } from "../../time/clock.ts";
import { untilAborted, wait } from "../../time/wait.ts";

type Wire = readonly Uint8Array[];

/** Messages that are kept until their format is known. */
const MOST_WAITING = 16;
/** Starts of open runs that a log gives again where reading begins. */
const MOST_STARTS = 64;

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
  readonly #starts: Decoded[] = [];
  readonly #arrived = new Set<() => void>();
  #taker: PlatformInlet | undefined;
  #room: (() => void) | undefined;
  #wasConnected = false;

  constructor(listener: Listener<AnyMessage>, signal: AbortSignal) {
    const inlet: PlatformInlet = {
      limits: DEFAULT_LIMITS,
      ready: () => undefined,
      put: () => undefined,
      // What was decoded came in frames, which are read again once their format is known.
      putDecoded: (decoded, settlement, frames) =>
        frames === undefined ? this.#begins(decoded) : this.#take(frames, settlement),
      putFrames: (frames, settlement) => this.#take(frames, settlement),
      connected: (isUp) => {
        this.isConnected = isUp;
        this.#wasConnected ||= isUp;
        this.#taker?.connected(isUp);
      },
      follow: () => undefined,
      lost: (messages, reason) => this.#taker?.lost(messages, reason),
      warn: (message) => this.#warn(message),
    };
    this.ended = this.#read(listener, inlet as PlatformInlet<AnyMessage>, signal);
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
  async handTo(inlet: PlatformInlet, codec: Codec): Promise<void> {
    this.#taker = inlet;
    if (this.isConnected !== undefined) inlet.connected(this.isConnected);
    // What a transport read itself, it read in the native form.
    if (codec === nativeCodec) for (const start of this.#starts.splice(0)) await inlet.putDecoded(start);
    for (let frames = this.#waiting.shift(); frames !== undefined; frames = this.#waiting.shift()) {
      await inlet.putFrames(frames);
    }
    this.#room?.();
    this.#room = undefined;
  }

  /** Reads; what was there and went away is waited for, what never was is an error. */
  async #read(listener: Listener<AnyMessage>, inlet: PlatformInlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(Math.random);
    for (;;) {
      const before = this.messages;
      try {
        return await listener.start(inlet, signal);
      } catch (error) {
        if (signal.aborted || !this.#wasConnected || !isRetryable(error)) throw error;
        this.#warn(text(error));
      }
      inlet.connected(false);
      if (this.messages > before) backoff.reset();
      if (!(await wait(systemClock, backoff.next(), signal))) return;
    }
  }

  #begins(start: Decoded): void {
    if (this.#taker === undefined && this.#starts.length < MOST_STARTS) this.#starts.push(start);
  }

  #warn(message: string): void {
    if (this.warnings.at(-1) !== message) this.warnings.push(message);
    if (this.warnings.length > MOST_WAITING) this.warnings.shift();
  }

  #take(given: Frames, settlement: Settlement | undefined): void | Promise<void> {
    const frames: Wire = given instanceof Uint8Array ? [given] : given;
    this.messages += 1;
    for (const frame of frames) this.bytes += frame.length;
    for (const callback of [...this.#arrived]) callback();
    const room = this.#keep(frames);
    // Whoever looks is done with a message once it came. A queue that is read all the same is told so.
    const settled = settlement?.ack();
    settled?.catch((error: unknown) => this.#warn(text(error)));
    return room;
  }

  #keep(frames: Wire): void | Promise<void> {
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
    await this.#source.handTo(inlet as unknown as PlatformInlet, this.codec);
    await untilAborted(this.#source.ended, signal);
  }
}
