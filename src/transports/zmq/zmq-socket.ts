import { AbortedError, UsageError } from "../../errors.ts";
import type { Pattern, Subscribing } from "./zmtp/pattern.ts";

/** Names the kinds of sockets. */
export type ZmqSocketType =
  | "pub"
  | "sub"
  | "xpub"
  | "xsub"
  | "push"
  | "pull"
  | "pair"
  | "req"
  | "rep"
  | "dealer"
  | "router";

/** Is what can be sent: one frame, or several; a text becomes its bytes in UTF-8. Bytes must not change afterwards. */
export type ZmqFrames = string | Uint8Array | readonly (string | Uint8Array)[];

/** Says how long one waits. */
export interface ZmqWaiting {
  /** Ends the wait with an `ABORTED` error. */
  readonly signal?: AbortSignal;
}

interface Receiver {
  readonly resolve: (frames: Uint8Array[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Is a socket of ZeroMQ that moves frames, for programs and transports that speak a form of their own. */
export class ZmqSocket implements AsyncDisposable, AsyncIterable<Uint8Array[]> {
  readonly type: ZmqSocketType;
  readonly #subject: string;
  readonly #pattern: Pattern;
  readonly #endpoints: readonly string[];
  readonly #receivers = new Set<Receiver>();
  #sent: Promise<unknown> | undefined;
  #isClosed = false;

  /** Is called by `openSocket`. */
  constructor(
    type: ZmqSocketType,
    subject: string,
    pattern: Pattern,
    endpoints: readonly string[],
    whenever: (came: () => void) => void,
  ) {
    this.type = type;
    this.#subject = subject;
    this.#pattern = pattern;
    this.#endpoints = endpoints;
    whenever(() => this.#came());
  }

  /** The addresses in use, with real ports: those bound first, then those connected to. */
  get endpoints(): readonly string[] {
    return this.#endpoints;
  }

  /** How many other sockets are connected now. */
  get peers(): number {
    return this.#pattern.peers;
  }

  /**
   * Sends a message as its type of socket does it; resolves when it was taken, and waits where there is no room or nobody
   * to take it: that is the back-pressure.
   */
  async send(message: ZmqFrames, { signal }: ZmqWaiting = {}): Promise<void> {
    const sent = this.#sendAfter(this.#sent, framesOf(this.#subject, message), signal);
    // Messages keep their order, also behind one that was given up while it waited for another.
    const settled = Promise.allSettled([this.#sent, sent]).then(() => {
      if (this.#sent === settled) this.#sent = undefined;
    });
    this.#sent = settled;
    await sent;
  }

  /** Gives the next message, and waits until there is one. Its frames are views: copy what is kept for long. */
  async receive({ signal }: ZmqWaiting = {}): Promise<Uint8Array[]> {
    if (this.#isClosed || signal?.aborted === true) throw new AbortedError(this.#subject);
    const frames = this.#receivers.size === 0 ? this.#pattern.next() : undefined;
    return frames ?? this.#received(signal);
  }

  /** Gives messages until `close`. */
  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array[]> {
    while (!this.#isClosed) {
      try {
        yield await this.receive();
      } catch (error) {
        if (this.#isClosed) return;
        throw error;
      }
    }
  }

  /** Asks for what begins with a topic, for `sub` and `xsub`; may be called at any time. */
  subscribe(topic: string | Uint8Array): void {
    this.#subscribing().subscribe(bytesOf(topic));
  }

  /** Takes one `subscribe` back. */
  unsubscribe(topic: string | Uint8Array): void {
    this.#subscribing().unsubscribe(bytesOf(topic));
  }

  /** Closes, and waits for what was sent to leave, at most `lingerMs`; tells whether all of it has left. */
  close(): Promise<boolean> {
    this.#isClosed = true;
    this.#pattern.close();
    for (const receiver of this.#receivers) receiver.reject(new AbortedError(this.#subject));
    return this.#pattern.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Hands over what came, to those who wait for it. */
  #came(): void {
    for (const receiver of this.#receivers) {
      try {
        const frames = this.#pattern.next();
        if (frames === undefined) return;
        receiver.resolve(frames);
      } catch (error) {
        receiver.reject(error);
      }
    }
  }

  #received(signal: AbortSignal | undefined): Promise<Uint8Array[]> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#receivers.delete(receiver);
        signal?.removeEventListener("abort", stop);
        settle();
      };
      const stop = (): void => end(() => reject(new AbortedError(this.#subject)));
      const receiver: Receiver = {
        resolve: (frames) => end(() => resolve(frames)),
        reject: (error) => end(() => reject(error)),
      };
      this.#receivers.add(receiver);
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  async #sendAfter(
    before: Promise<unknown> | undefined,
    frames: readonly Uint8Array[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (before !== undefined) await endOf(before, signal);
    if (await this.#pattern.takeLater(frames, undefined, signal)) return;
    throw new AbortedError(this.#subject);
  }

  #subscribing(): Subscribing {
    if (this.type === "sub" || this.type === "xsub") return this.#pattern as Subscribing;
    throw new UsageError(`${this.#subject}: a ${this.type} has no subscriptions; take a sub`);
  }
}

/** Resolves when a promise has, or when the signal aborts. */
function endOf(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal === undefined) return promise;
  return new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener("abort", end);
      resolve(undefined);
    };
    signal.addEventListener("abort", end, { once: true });
    void promise.then(end);
    if (signal.aborted) end();
  });
}

function framesOf(subject: string, message: ZmqFrames): readonly Uint8Array[] {
  const parts: readonly unknown[] = Array.isArray(message) ? message : [message];
  if (parts.length === 0)
    throw new UsageError(`${subject}: a message has at least one frame; send "" for an empty one`);
  return parts.map((part) => {
    if (typeof part === "string" || part instanceof Uint8Array) return bytesOf(part);
    throw new UsageError(`${subject}: a frame is a text or bytes, got ${typeof part}`);
  });
}

function bytesOf(part: string | Uint8Array): Uint8Array {
  return typeof part === "string" ? new Uint8Array(Buffer.from(part)) : part;
}
