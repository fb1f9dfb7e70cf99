import { UsageError } from "../../../errors.ts";
import type { SocketSettings } from "../socket.ts";
import type { ZmtpBounds } from "./bounds.ts";
import { Inbox, type InboxBounds } from "./inbox.ts";
import type { Pattern, PatternNews } from "./pattern.ts";
import type { Peer } from "./peer.ts";
import { ZmtpPublishing } from "./publishing-socket.ts";

interface Wish {
  readonly prefix: Uint8Array;
  /** Subscribers who want it. */
  count: number;
  /** What was last given out of it. */
  isKnown: boolean;
}

/** Is a PUB or XPUB: sends to all who asked for it; an XPUB also gives out what they ask for, and what they send. */
export class PublishingPattern extends ZmtpPublishing implements Pattern {
  readonly #type: "PUB" | "XPUB";
  readonly #inbox: Inbox;
  readonly #wishes = new Map<string, Wish>();
  /** Wishes that may have changed since they were given out: one that comes and goes unseen costs nothing. */
  readonly #changed = new Set<string>();

  constructor(type: "PUB" | "XPUB", settings: SocketSettings & InboxBounds, bounds: ZmtpBounds, news: PatternNews) {
    super(settings, bounds, news, type);
    this.#type = type;
    this.#inbox = new Inbox(settings, () => news.came());
    if (type === "PUB") return;
    this.subscriptions((prefix, isWanted) => {
      this.#note(prefix, isWanted);
      news.came();
    });
  }

  /** Gives out a byte 1 and the prefix for the first who asks for it, a byte 0 and the prefix after the last. */
  next(): Uint8Array[] | undefined {
    if (this.#type === "PUB") throw new UsageError(`${this.settings.subject}: a pub receives nothing; take an xpub`);
    for (const key of this.#changed) {
      this.#changed.delete(key);
      const wish = this.#wishes.get(key) as Wish;
      const isWanted = wish.count > 0;
      if (!isWanted) this.#wishes.delete(key);
      if (isWanted === wish.isKnown) continue;
      wish.isKnown = isWanted;
      return [new Uint8Array(Buffer.concat([Uint8Array.of(isWanted ? 1 : 0), wish.prefix]))];
    }
    return this.#inbox.next()?.frames;
  }

  protected override upstream(peer: Peer, frames: Uint8Array[]): boolean {
    return this.#type === "PUB" || this.#inbox.put(peer, frames);
  }

  protected override closing(): void {
    super.closing();
    this.#inbox.clear();
  }

  #note(prefix: Uint8Array, isWanted: boolean): void {
    const key = Buffer.from(prefix.buffer, prefix.byteOffset, prefix.length).toString("latin1");
    const wish = this.#wishes.get(key) ?? { prefix, count: 0, isKnown: false };
    wish.count += isWanted ? 1 : -1;
    if (wish.count === 0 && !wish.isKnown) {
      this.#wishes.delete(key);
      this.#changed.delete(key);
      return;
    }
    this.#wishes.set(key, wish);
    this.#changed.add(key);
  }
}
