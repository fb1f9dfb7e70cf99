import { UsageError } from "../../../errors.ts";
import type { SocketSettings } from "../socket.ts";
import type { ZmtpBounds } from "./bounds.ts";
import { Inbox, type InboxBounds } from "./inbox.ts";
import type { Pattern, PatternNews } from "./pattern.ts";
import type { Peer } from "./peer.ts";
import { ZmtpPushing } from "./pushing-socket.ts";
import { Refusal } from "./refusal.ts";

/** Is a PUSH, DEALER or PAIR: deals out in turn what is sent, and takes in turn what comes. */
export class DealingPattern extends ZmtpPushing implements Pattern {
  readonly #type: "PUSH" | "DEALER" | "PAIR";
  readonly #inbox: Inbox;

  constructor(
    type: "PUSH" | "DEALER" | "PAIR",
    settings: SocketSettings & InboxBounds,
    bounds: ZmtpBounds,
    news: PatternNews,
  ) {
    super(settings, bounds, news, type);
    this.#type = type;
    this.#inbox = new Inbox(settings, () => news.came());
  }

  next(): Uint8Array[] | undefined {
    if (this.#type === "PUSH") throw new UsageError(`${this.settings.subject}: a push receives nothing; take a pull`);
    return this.#inbox.next()?.frames;
  }

  protected override message(peer: Peer, frames: Uint8Array[]): boolean {
    return this.#type === "PUSH" || this.#inbox.put(peer, frames);
  }

  protected override refuse(): void {
    if (this.#type === "PAIR" && this.ready.size > 0) throw new Refusal("is a second one; a PAIR is for two");
  }

  protected override closing(): void {
    super.closing();
    this.#inbox.clear();
  }
}
