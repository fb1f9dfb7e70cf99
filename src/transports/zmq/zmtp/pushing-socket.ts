import type { Heard, News, SocketSettings, WritingSocket } from "../socket.ts";
import type { ZmtpBounds } from "./bounds.ts";
import { type Encoded, Encoder } from "./encoder.ts";
import type { SocketType } from "./handshake.ts";
import type { Peer } from "./peer.ts";
import { Waiters } from "./waiters.ts";
import { ZmtpSocket } from "./zmtp-socket.ts";

/** More than this does not wait for one peer: what waits longer waits better before the socket. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** So much is put together before it is written, where a producer does not pause. */
const FLUSH_BYTES = 256 * 1024;

interface Hand {
  readonly peer: Peer;
  readonly encoder: Encoder;
  /** As long as fewer bytes and messages than these are put together there is room: what waits gets less until a write. */
  freeBytes: number;
  freeMessages: number;
}

/** Is a PUSH, or the sending side of what deals out as it does: gives each message to the next peer that has room. */
export class ZmtpPushing extends ZmtpSocket implements WritingSocket {
  readonly #hands: Hand[] = [];
  readonly #maxBytes: number;
  readonly #maxMessages: number;
  readonly #flushNow = (): void => this.#flush();
  /** What a connection that ended gave back, and what was sent while the one who is called was away. */
  readonly #kept: Encoded[] = [];
  readonly #away = new Encoder();
  #keptBytes = 0;
  #turn = 0;
  #isFlushDue = false;
  readonly #room = new Waiters();

  constructor(settings: SocketSettings, bounds: ZmtpBounds, news: News, type: SocketType = "PUSH") {
    super(type, settings, bounds, news);
    this.#maxMessages = settings.maxMessages ?? Infinity;
    this.#maxBytes = Math.min(settings.maxBytes, MAX_WAITING_BYTES);
  }

  get hasRoom(): boolean {
    return !this.closed && (this.#canKeep || this.#hands.some((hand) => this.#roomy(hand)));
  }

  take(frames: readonly Uint8Array[]): boolean {
    if (this.closed) return false;
    const hand = this.#next();
    if (hand === undefined) {
      if (!this.#canKeep) return false;
      this.#away.add(frames);
      return true;
    }
    hand.encoder.add(frames);
    if (hand.encoder.bytes >= FLUSH_BYTES) write(hand, hand.encoder.take());
    else if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      // Behind all promises that are kept already: what they bring goes along.
      process.nextTick(this.#flushNow);
    }
    return true;
  }

  async takeLater(frames: readonly Uint8Array[], patienceMs = -1, signal?: AbortSignal): Promise<boolean> {
    const until = patienceMs < 0 ? undefined : performance.now() + patienceMs;
    for (;;) {
      if (this.closed || signal?.aborted === true) return false;
      if (this.take(frames)) return true;
      const left = until === undefined ? undefined : until - performance.now();
      if (left !== undefined && left <= 0) return false;
      await this.#room.wait(left, signal);
    }
  }

  subscriptions(_heard: Heard): void {}

  protected override get hasRest(): boolean {
    return this.#kept.length > 0 || this.#away.messages > 0;
  }

  protected override message(_peer: Peer, _frames: Uint8Array[]): boolean {
    // A puller has nothing to say.
    return true;
  }

  protected override came(peer: Peer): void {
    this.#hands.push({ peer, encoder: new Encoder(), freeBytes: 0, freeMessages: 0 });
    if (this.#away.messages > 0) this.#kept.push(this.#away.take());
    for (const encoded of this.#kept.splice(0)) peer.write(encoded);
    this.#keptBytes = 0;
    this.#tellRoom();
  }

  protected override left(peer: Peer): void {
    const index = this.#hands.findIndex((hand) => hand.peer === peer);
    if (index < 0) return;
    const [{ encoder }] = this.#hands.splice(index, 1) as [Hand];
    const { waiting, leaving } = peer.unsent();
    const given = [...waiting, ...(encoder.messages > 0 ? [encoder.take()] : [])];
    encoder.close();
    if (leaving > 0) this.trouble(`ended with ${leaving} messages on their way to it: some of them may be lost`);
    const [other] = this.#hands;
    for (const encoded of given) {
      if (other !== undefined) write(other, encoded);
      else this.#keep(encoded);
    }
    this.#tellRoom();
  }

  protected override drained(): void {
    this.#tellRoom();
  }

  protected override closing(): void {
    this.#flush();
    this.#tellRoom();
  }

  /** Nobody is there, but somebody is called: what is sent waits for him, as libzmq does it. */
  get #canKeep(): boolean {
    if (!this.calls || this.#hands.length > 0) return false;
    const messages = this.#kept.reduce((sum, kept) => sum + kept.messages, this.#away.messages);
    return this.#hasSpace(messages, this.#keptBytes + this.#away.bytes);
  }

  #keep(encoded: Encoded): void {
    this.#kept.push(encoded);
    this.#keptBytes += encoded.bytes;
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

  #roomy(hand: Hand): boolean {
    const { peer, encoder } = hand;
    if (encoder.bytes < hand.freeBytes && encoder.messages < hand.freeMessages) return true;
    hand.freeBytes = this.#maxBytes - peer.queuedBytes;
    hand.freeMessages = this.#maxMessages - peer.queuedMessages;
    return encoder.bytes < hand.freeBytes && encoder.messages < hand.freeMessages;
  }

  #hasSpace(messages: number, bytes: number): boolean {
    return bytes < this.#maxBytes && messages < this.#maxMessages;
  }

  #flush(): void {
    this.#isFlushDue = false;
    for (let index = 0; index < this.#hands.length; index += 1) {
      const hand = this.#hands[index] as Hand;
      if (hand.encoder.messages > 0) write(hand, hand.encoder.take());
    }
    // What fits into the kernel has left by now, and there is no news of it.
    if (this.#room.count > 0 && this.hasRoom) this.#tellRoom();
  }

  #tellRoom(): void {
    this.#room.wake();
  }
}

function write(hand: Hand, encoded: Encoded): void {
  hand.freeBytes = 0;
  hand.freeMessages = 0;
  hand.peer.write(encoded);
}
