import type { Into, News, ReadingSocket, SocketSettings } from "../socket.ts";
import { commandFrame } from "./command.ts";
import { Encoder } from "./encoder.ts";
import type { Peer } from "./peer.ts";
import { ZmtpSocket } from "./zmtp-socket.ts";

/** Is a SUB or a PULL: takes messages from all its peers in turn. */
export class ZmtpReading extends ZmtpSocket implements ReadingSocket {
  readonly #prefixes = new Set<string>();
  /** What a peer brought while another one's message was waited for: one each, then it is not read from. */
  readonly #waiting = new Map<Peer, Uint8Array[]>();
  readonly #kind: "sub" | "pull";
  #into: Into | undefined;
  #failed: (error: unknown) => void = () => undefined;
  #ended: () => void = () => undefined;
  #isBusy = false;

  constructor(kind: "sub" | "pull", settings: SocketSettings, news: News) {
    super(kind === "sub" ? "SUB" : "PULL", settings, news);
    this.#kind = kind;
  }

  subscribe(prefix: string): void {
    if (this.#prefixes.has(prefix)) return;
    this.#prefixes.add(prefix);
    for (const peer of this.ready) tell(peer, prefix);
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

  protected override message(peer: Peer, frames: Uint8Array[]): boolean {
    if (this.#isBusy || this.#into === undefined) {
      this.#waiting.set(peer, frames);
      return false;
    }
    return this.#give(frames);
  }

  protected override came(peer: Peer): void {
    if (this.#kind === "sub") for (const prefix of this.#prefixes) tell(peer, prefix);
  }

  protected override closing(): void {
    this.#ended();
  }

  /** Hands one message over; false when it has to be waited for. */
  #give(frames: Uint8Array[]): boolean {
    if (this.closed) return true;
    let taken: void | Promise<void>;
    try {
      taken = (this.#into as Into)(frames);
    } catch (error) {
      this.#failed(error);
      return true;
    }
    if (taken === undefined) return true;
    this.#isBusy = true;
    taken.then(
      () => {
        this.#isBusy = false;
        this.#goOn();
      },
      (error: unknown) => this.#failed(error),
    );
    return false;
  }

  /** Goes on with what waited, the longest first, then reads again from all. */
  #goOn(): void {
    for (const [peer, frames] of this.#waiting) {
      if (this.#isBusy) return;
      this.#waiting.delete(peer);
      this.#give(frames);
    }
    for (const peer of this.ready) {
      if (this.#isBusy) return;
      if (peer.isStopped) peer.resume();
    }
  }
}

/** Subscribes at one peer, in the form of its version. */
function tell(peer: Peer, prefix: string): void {
  const bytes = Buffer.from(prefix);
  if (peer.facts?.isNew === true) {
    peer.write({ parts: [commandFrame("SUBSCRIBE", bytes)] });
    return;
  }
  const encoder = new Encoder();
  encoder.add([Buffer.concat([Uint8Array.of(1), bytes])]);
  peer.write(encoder.take());
}
