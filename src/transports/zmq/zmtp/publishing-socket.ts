import type { Heard, News, SocketSettings, WritingSocket } from "../socket.ts";
import type { ZmtpBounds } from "./bounds.ts";
import type { Command } from "./command.ts";
import { encodedAlone } from "./encoder.ts";
import type { Peer } from "./peer.ts";
import { Refusal } from "./refusal.ts";
import { SubscriberGroups } from "./subscriber-groups.ts";
import { ZmtpSocket } from "./zmtp-socket.ts";

/** So much is put together before it is written, where a producer does not pause. */
const FLUSH_BYTES = 256 * 1024;

/** Is an XPUB: gives each message to all peers that asked for it, and hears what they ask for. */
export class ZmtpPublishing extends ZmtpSocket implements WritingSocket {
  readonly #groups = new SubscriberGroups();
  readonly #dropped = new Map<Peer, number>();
  readonly #flushNow = (): void => this.#flush();
  #heard: Heard | undefined;
  #isFlushDue = false;

  constructor(settings: SocketSettings, bounds: ZmtpBounds, news: News, type: "PUB" | "XPUB" = "XPUB") {
    super(type, settings, bounds, news);
  }

  get hasRoom(): boolean {
    return !this.closed;
  }

  take(frames: readonly Uint8Array[]): boolean {
    if (this.closed) return false;
    const bytes = this.#groups.add(frames);
    if (bytes === 0) return true;
    if (bytes >= FLUSH_BYTES) this.#flush();
    else if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      // Behind all promises that are kept already: what they bring goes along.
      process.nextTick(this.#flushNow);
    }
    return true;
  }

  takeLater(frames: readonly Uint8Array[]): Promise<boolean> {
    return Promise.resolve(this.take(frames));
  }

  subscriptions(heard: Heard): void {
    this.#heard = heard;
  }

  /** Subscriptions of an older peer come as messages; anything else is a message from an XSUB. */
  protected override message(peer: Peer, frames: Uint8Array[]): boolean {
    const [frame] = frames;
    if (frames.length === 1 && frame !== undefined && (frame[0] === 0 || frame[0] === 1)) {
      this.#subscribe(peer, frame.subarray(1), frame[0] === 1);
      return true;
    }
    return this.upstream(peer, frames);
  }

  /** Takes a message from a subscriber, which nobody here reads; false stops reading from it. */
  protected upstream(_peer: Peer, _frames: Uint8Array[]): boolean {
    return true;
  }

  protected override command(peer: Peer, { name, data }: Command): void {
    if (name === "SUBSCRIBE") this.#subscribe(peer, data, true);
    else if (name === "CANCEL") this.#subscribe(peer, data, false);
  }

  protected override left(peer: Peer): void {
    this.#flush();
    const dropped = this.#dropped.get(peer) ?? 0;
    this.#dropped.delete(peer);
    if (dropped > 0) this.trouble(`ended; it was too slow and ${dropped} messages were dropped for it`);
    for (const prefix of this.#groups.leave(peer)) this.#heard?.(prefix, false);
  }

  protected override closing(): void {
    this.#flush();
  }

  #subscribe(peer: Peer, prefix: Uint8Array, isWanted: boolean): void {
    if (this.closed) return;
    const { maxPrefixes, maxPrefixBytes } = this.bounds;
    const { count, bytes } = this.#groups.of(peer);
    if (isWanted && (count >= maxPrefixes || bytes + prefix.length > maxPrefixBytes)) {
      throw new Refusal(`asks for too much: at most ${maxPrefixes} topics of ${maxPrefixBytes} bytes together`);
    }
    // What was sent before goes by what was asked for before.
    this.#flush();
    const own = new Uint8Array(prefix);
    if (!this.#groups.change(peer, own, isWanted)) return;
    this.#heard?.(own, isWanted, { take: (frames) => this.#only(peer, frames) });
  }

  /** Sends to one peer alone, after what was sent to it before. */
  #only(peer: Peer, frames: readonly Uint8Array[]): void {
    this.#flush();
    peer.write(encodedAlone(frames));
  }

  /** A peer that is behind by more than its bound loses whole blocks, and with them whole messages. */
  #flush(): void {
    this.#isFlushDue = false;
    const { maxBytes, maxMessages = Infinity } = this.settings;
    this.#groups.flush((encoded, peers) => {
      // Where it is dropped for all of them, nobody else lets it go.
      encoded.holding?.begin();
      for (const peer of peers) {
        const { queuedBytes, queuedMessages } = peer;
        const fits = queuedBytes + encoded.bytes <= maxBytes && queuedMessages < maxMessages;
        if (queuedBytes === 0 || fits) {
          peer.write(encoded);
          continue;
        }
        const before = this.#dropped.get(peer) ?? 0;
        this.#dropped.set(peer, before + encoded.messages);
        if (before === 0) this.trouble("is too slow: messages for it are dropped, and missing in its account");
      }
      encoded.holding?.end();
    });
  }
}
