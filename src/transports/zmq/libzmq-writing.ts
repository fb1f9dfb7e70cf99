import type { Push, XPublisher } from "zeromq";
import { text } from "../../errors.ts";
import { highWaterMark } from "./high-water-mark.ts";
import { unlent } from "./lent-memory.ts";
import { LibzmqEnds } from "./libzmq-ends.ts";
import { received } from "./received.ts";
import type { Heard, News, SocketSettings, WritingSocket } from "./socket.ts";

type Frames = readonly Uint8Array[];

/** Writes to a PUSH or XPUB of libzmq. */
export class LibzmqWriting extends LibzmqEnds<Push | XPublisher> implements WritingSocket {
  readonly #kind: "pub" | "push";
  /** Taken, and given back because the peer went in the same moment. */
  readonly #returned: Frames[] = [];
  /** What waits for room; resolves whatever comes of it. */
  #waiting: Promise<unknown> | undefined;

  constructor(kind: "pub" | "push", native: Push | XPublisher, settings: SocketSettings, news: News) {
    super(native, settings, news);
    this.#kind = kind;
    native.sendHighWaterMark = highWaterMark(settings);
    // With no time to wait, `send` has given the message to libzmq, or refused it, when it returns.
    native.sendTimeout = 0;
  }

  get hasRoom(): boolean {
    if (this.closed || this.#waiting !== undefined || this.#returned.length > 0) return false;
    return this.#kind === "pub" || this.native.writable;
  }

  take(frames: Frames): boolean {
    if (!this.hasRoom) return false;
    const own = unlent(frames);
    this.native.send(own as Uint8Array[]).then(undefined, (error: unknown) => this.#refused(own, error));
    return true;
  }

  async takeLater(frames: Frames, patienceMs = -1): Promise<boolean> {
    while (this.#waiting !== undefined) await this.#waiting;
    if (this.closed) return false;
    const sent = this.#sendLater(unlent(frames), patienceMs);
    this.#waiting = sent.catch(() => undefined);
    try {
      return await sent;
    } finally {
      this.#waiting = undefined;
      if (this.#returned.length > 0) void this.#sendReturned().catch((failure: unknown) => this.#failed(failure));
    }
  }

  async #sendLater(frames: Frames, patienceMs: number): Promise<boolean> {
    this.native.sendTimeout = patienceMs;
    try {
      await this.native.send(frames as Uint8Array[]);
      return true;
    } catch (error) {
      if (this.closed || isFull(error)) return false;
      throw error;
    } finally {
      if (!this.closed) this.native.sendTimeout = 0;
    }
  }

  subscriptions(heard: Heard): void {
    void this.#hearSubscriptions(this.native as XPublisher, heard);
  }

  async #hearSubscriptions(native: XPublisher, heard: Heard): Promise<void> {
    while (!this.closed) {
      const frames = await received(native);
      if (frames === undefined || this.closed) return;
      const [frame] = frames as Buffer[];
      // Anything else is a message from an XSUB, which nobody here reads.
      if (frames.length === 1 && (frame?.[0] === 0 || frame?.[0] === 1)) heard(frame.subarray(1), frame[0] === 1);
    }
  }

  #refused(frames: Frames, error: unknown): void {
    if (this.closed) return;
    if (this.#kind === "pub" || !isFull(error)) {
      this.#failed(error);
      return;
    }
    this.#returned.push(frames);
    void this.#sendReturned().catch((failure: unknown) => this.#failed(failure));
  }

  #failed(error: unknown): void {
    this.news.trouble(`took a message and did not send it: ${text(error)}`);
  }

  async #sendReturned(): Promise<void> {
    while (this.#waiting === undefined && !this.closed) {
      const next = this.#returned.shift();
      if (next === undefined) return;
      if (!(await this.takeLater(next))) this.#returned.unshift(next);
    }
  }
}

function isFull(error: unknown): boolean {
  return (error as { code?: unknown }).code === "EAGAIN";
}
