import type { Heard, News, SocketSettings, WritingSocket } from "../socket.ts";
import type { Command } from "./command.ts";
import { Encoder } from "./encoder.ts";
import type { Peer } from "./peer.ts";
import { Refusal } from "./refusal.ts";
import { SubscriberGroups } from "./subscriber-groups.ts";
import { ZmtpSocket } from "./zmtp-socket.ts";

const MAX_PREFIXES = 10_000;
const MAX_PREFIX_BYTES = 4_096;

/** Is an XPUB: gives each message to all peers that asked for it, and hears what they ask for. */
export class ZmtpPublishing extends ZmtpSocket implements WritingSocket {
  readonly #groups = new SubscriberGroups();
  readonly #dropped = new Map<Peer, number>();
  #heard: Heard | undefined;
  #isFlushDue = false;

  constructor(settings: SocketSettings, news: News) {
    super("XPUB", settings, news);
  }

  get hasRoom(): boolean {
    return !this.closed;
  }

  take(frames: readonly Uint8Array[]): boolean {
    if (this.closed) return false;
    if (!this.#groups.add(frames) || this.#isFlushDue) return true;
    this.#isFlushDue = true;
    queueMicrotask(() => this.#flush());
    return true;
  }

  takeLater(frames: readonly Uint8Array[]): Promise<boolean> {
    return Promise.resolve(this.take(frames));
  }

  subscriptions(heard: Heard): void {
    this.#heard = heard;
  }

  /** Subscriptions of an older peer come as messages; anything else is a message from an XSUB, which nobody here reads. */
  protected override message(peer: Peer, frames: Uint8Array[]): boolean {
    const [frame] = frames;
    if (frames.length === 1 && frame !== undefined && (frame[0] === 0 || frame[0] === 1)) {
      this.#subscribe(peer, frame.subarray(1), frame[0] === 1);
    }
    return true;
  }

  protected override command(peer: Peer, { name, data }: Command): void {
    if (name === "SUBSCRIBE") this.#subscribe(peer, data, true);
    else if (name === "CANCEL") this.#subscribe(peer, data, false);
  }

  protected override left(peer: Peer): void {
    this.#flush();
    this.#dropped.delete(peer);
    for (const prefix of this.#groups.leave(peer)) this.#heard?.(prefix, false);
  }

  protected override closing(): void {
    this.#flush();
  }

  #subscribe(peer: Peer, prefix: Uint8Array, isWanted: boolean): void {
    if (prefix.length > MAX_PREFIX_BYTES) throw new Refusal(`asked for a topic of ${prefix.length} bytes`);
    // What was sent before goes by what was asked for before.
    this.#flush();
    const own = new Uint8Array(prefix);
    const count = isWanted ? this.#groups.subscribe(peer, own) : this.#groups.cancel(peer, own);
    if (count > MAX_PREFIXES) throw new Refusal(`asked for more than ${MAX_PREFIXES} topics`);
    this.#heard?.(own, isWanted, { take: (frames) => this.#only(peer, frames) });
  }

  /** Sends to one peer alone, after what was sent to it before. */
  #only(peer: Peer, frames: readonly Uint8Array[]): void {
    this.#flush();
    const encoder = new Encoder();
    encoder.add(frames);
    peer.write(encoder.take());
  }

  /** A peer that is behind by more than its bound loses whole blocks, and with them whole messages. */
  #flush(): void {
    this.#isFlushDue = false;
    const { maxBytes } = this.settings;
    this.#groups.flush((encoded, peers) => {
      for (const peer of peers) {
        const { queuedBytes } = peer;
        if (queuedBytes === 0 || queuedBytes + encoded.bytes <= maxBytes) {
          peer.write(encoded);
          continue;
        }
        const before = this.#dropped.get(peer) ?? 0;
        this.#dropped.set(peer, before + encoded.messages);
        if (before === 0) this.news.trouble("is too slow: messages for it are dropped, and missing in its account");
      }
    });
  }
}
