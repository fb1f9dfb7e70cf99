import type { Into, News, ReadingSocket, SocketSettings } from "../socket.ts";
import type { ZmtpBounds } from "./bounds.ts";
import { encodedAlone } from "./encoder.ts";
import { FramePool } from "./frame-pool.ts";
import type { Peer } from "./peer.ts";
import { beginsWithAny } from "./prefixes.ts";
import { ZmtpSocket } from "./zmtp-socket.ts";

/** Is a SUB or a PULL: takes messages from all its peers in turn. */
export class ZmtpReading extends ZmtpSocket implements ReadingSocket {
  readonly #prefixes = new Map<string, Uint8Array>();
  /**
   * Peers that are not read from, in the order of their turns: those that were stopped while a message was waited for,
   * each with the one that it had brought. Who had its turn stands last.
   */
  readonly #waiting = new Map<Peer, Uint8Array[] | undefined>();
  readonly #kind: "sub" | "pull";
  readonly #pool: FramePool | undefined;
  #into: Into | undefined;
  #failed: (error: unknown) => void = () => undefined;
  #ended: () => void = () => undefined;
  #isBusy = false;

  constructor(kind: "sub" | "pull", settings: SocketSettings, bounds: ZmtpBounds, news: News) {
    super(kind === "sub" ? "SUB" : "PULL", settings, bounds, news);
    this.#kind = kind;
    this.#pool = settings.reuseBuffers === true ? new FramePool() : undefined;
  }

  subscribe(prefix: string): void {
    if (this.#prefixes.has(prefix)) return;
    const bytes = new TextEncoder().encode(prefix);
    this.#prefixes.set(prefix, bytes);
    for (const peer of this.ready) tell(peer, bytes);
  }

  /** A peer's messages wait until this is called. */
  receive(into: Into): Promise<void> {
    this.#into = into;
    return new Promise((resolve, reject) => {
      this.#ended = resolve;
      this.#failed = reject;
      if (this.closed) resolve();
      else this.#goOn();
    });
  }

  protected override get pool(): FramePool | undefined {
    return this.#pool;
  }

  protected override message(peer: Peer, frames: Uint8Array[]): boolean {
    if (this.#isBusy || this.#into === undefined || this.closed) {
      this.#waiting.set(peer, frames);
      return false;
    }
    if (this.#give(frames)) return true;
    this.#waiting.set(peer, undefined);
    return false;
  }

  protected override came(peer: Peer): void {
    for (const prefix of this.#prefixes.values()) tell(peer, prefix);
  }

  protected override closing(): void {
    this.#waiting.clear();
    this.#ended();
  }

  /** Hands one message over; false when it has to be waited for. */
  #give(frames: Uint8Array[]): boolean {
    // A publisher may send more than was asked for, as one that still knows a connection before this one.
    if (this.#kind === "sub" && !beginsWithAny(frames[0] as Uint8Array, this.#prefixes.values())) return true;
    const lent = this.#pool?.lend(frames);
    let taken: void | Promise<void>;
    try {
      taken = (this.#into as Into)(frames, lent);
      lent?.came();
    } catch (error) {
      this.#fail(error);
      return true;
    }
    if (taken === undefined) return true;
    this.#isBusy = true;
    taken.then(
      () => {
        this.#isBusy = false;
        this.#goOn();
      },
      (error: unknown) => this.#fail(error),
    );
    return false;
  }

  #fail(error: unknown): void {
    this.#into = undefined;
    this.#failed(error);
  }

  /** Goes on with those who wait, each in its turn; one that has ended still gives what had come before. */
  #goOn(): void {
    while (!this.#isBusy && !this.closed && this.#into !== undefined) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const [peer, frames] = next;
      this.#waiting.delete(peer);
      if (frames !== undefined && !this.#give(frames)) this.#waiting.set(peer, undefined);
      else peer.resume();
    }
  }
}

/** Subscribes at one peer, in the form of its version. */
function tell(peer: Peer, prefix: Uint8Array): void {
  if (peer.facts?.isNew === true) {
    peer.command("SUBSCRIBE", prefix);
    return;
  }
  peer.write(encodedAlone([Buffer.concat([Uint8Array.of(1), prefix])]));
}
