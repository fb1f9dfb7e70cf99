import type { Pull, Subscriber } from "zeromq";
import { highWaterMark } from "./high-water-mark.ts";
import { LibzmqEnds } from "./libzmq-ends.ts";
import type { Into, News, ReadingSocket, SocketSettings } from "./socket.ts";

/** Reads from a SUB or PULL of libzmq. */
export class LibzmqReading extends LibzmqEnds<Subscriber | Pull> implements ReadingSocket {
  #isFirst = true;
  #isPaused = false;

  constructor(native: Subscriber | Pull, settings: SocketSettings, news: News) {
    super(native, settings, news);
    native.receiveHighWaterMark = highWaterMark(settings);
  }

  subscribe(prefix: string): void {
    (this.native as Subscriber).subscribe(prefix);
  }

  async receive(into: Into): Promise<void> {
    const { native } = this;
    while (!this.closed) {
      let frames: Uint8Array[];
      try {
        frames = await native.receive();
      } catch (error) {
        if (this.closed) return;
        throw error;
      }
      if (this.closed) return;
      if (this.#isFirst) this.#begin();
      const taken = into(frames);
      if (taken === undefined) continue;
      this.#isPaused = true;
      await taken;
      this.#isPaused = false;
    }
  }

  /** The first message may come before the news that somebody is connected. */
  #begin(): void {
    this.#isFirst = false;
    if (!this.wasGreeted) this.news.peers(1);
  }

  /** libzmq sends subscriptions on a new connection only when somebody calls into the socket. */
  protected override greeted(): void {
    // Not while a receive is pending: it would sleep through what this call finds.
    if (this.#isPaused) void this.native.readable;
  }
}
