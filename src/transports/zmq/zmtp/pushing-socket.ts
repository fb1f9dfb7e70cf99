import type { Heard, News, SocketSettings, WritingSocket } from "../socket.ts";
import { Encoder } from "./encoder.ts";
import type { Peer } from "./peer.ts";
import { ZmtpSocket } from "./zmtp-socket.ts";

/** More than this does not wait for one peer, or two messages: what waits longer waits better before the socket. */
const MAX_WAITING_BYTES = 1024 * 1024;

interface Hand {
  readonly peer: Peer;
  readonly encoder: Encoder;
}

/** Is a PUSH: gives each message to the next peer that has room. */
export class ZmtpPushing extends ZmtpSocket implements WritingSocket {
  readonly #hands: Hand[] = [];
  readonly #maxBytes: number;
  #turn = 0;
  #isFlushDue = false;
  #wake: (() => void)[] = [];

  constructor(settings: SocketSettings, news: News) {
    super("PUSH", settings, news);
    this.#maxBytes = Math.min(settings.maxBytes, MAX_WAITING_BYTES);
  }

  get hasRoom(): boolean {
    return !this.closed && this.#hands.some((hand) => this.#roomy(hand));
  }

  take(frames: readonly Uint8Array[]): boolean {
    const hand = this.#next();
    if (hand === undefined) return false;
    hand.encoder.add(frames);
    if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      queueMicrotask(() => this.#flush());
    }
    return true;
  }

  async takeLater(frames: readonly Uint8Array[], patienceMs = -1): Promise<boolean> {
    const until = patienceMs < 0 ? undefined : performance.now() + patienceMs;
    for (;;) {
      if (this.closed) return false;
      if (this.take(frames)) return true;
      const left = until === undefined ? undefined : until - performance.now();
      if (left !== undefined && left <= 0) return false;
      await this.#room(left);
    }
  }

  subscriptions(_heard: Heard): void {}

  protected override message(): boolean {
    // A puller has nothing to say.
    return true;
  }

  protected override came(peer: Peer): void {
    this.#hands.push({ peer, encoder: new Encoder() });
    this.#tellRoom();
  }

  protected override left(peer: Peer): void {
    const index = this.#hands.findIndex((hand) => hand.peer === peer);
    if (index < 0) return;
    const [{ encoder }] = this.#hands.splice(index, 1) as [Hand];
    const lost = encoder.bytes + peer.queuedBytes;
    if (lost > 0) this.news.trouble(`ended with ${lost} bytes that had not left; what was in them is lost`);
    this.#tellRoom();
  }

  protected override drained(): void {
    this.#tellRoom();
  }

  protected override closing(): void {
    this.#flush();
    this.#tellRoom();
  }

  #next(): Hand | undefined {
    const count = this.#hands.length;
    for (let tried = 0; tried < count; tried += 1) {
      this.#turn = this.#turn + 1 < count ? this.#turn + 1 : 0;
      const hand = this.#hands[this.#turn] as Hand;
      if (this.#roomy(hand)) return hand;
    }
    return undefined;
  }

  #roomy({ peer, encoder }: Hand): boolean {
    return peer.queuedBytes + encoder.bytes < this.#maxBytes;
  }

  #flush(): void {
    this.#isFlushDue = false;
    for (const { peer, encoder } of this.#hands) if (encoder.messages > 0) peer.write(encoder.take());
    // What fits into the kernel has left by now, and there is no news of it.
    if (this.#wake.length > 0 && this.hasRoom) this.#tellRoom();
  }

  #room(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #tellRoom(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
