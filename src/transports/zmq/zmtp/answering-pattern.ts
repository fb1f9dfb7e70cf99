import { UsageError } from "../../../errors.ts";
import type { SocketSettings } from "../socket.ts";
import type { ZmtpBounds } from "./bounds.ts";
import { encodedAlone } from "./encoder.ts";
import { Inbox, type InboxBounds } from "./inbox.ts";
import type { Pattern, PatternNews } from "./pattern.ts";
import type { Peer } from "./peer.ts";
import { ZmtpSocket } from "./zmtp-socket.ts";

/** Is a REP: takes one question at a time, and sends the answer back on the way that the question came. */
export class AnsweringPattern extends ZmtpSocket implements Pattern {
  readonly #inbox: Inbox;
  /** Who asked, and the frames that lead back to him, to the empty one. */
  #asker: { readonly peer: Peer; readonly route: readonly Uint8Array[] } | undefined;

  constructor(settings: SocketSettings & InboxBounds, bounds: ZmtpBounds, news: PatternNews) {
    super("REP", settings, bounds, news);
    this.#inbox = new Inbox(settings, () => news.came());
  }

  next(): Uint8Array[] | undefined {
    if (this.#asker !== undefined) {
      throw new UsageError(`${this.settings.subject}: a rep answers each question; send the answer first`);
    }
    for (let letter = this.#inbox.next(); letter !== undefined; letter = this.#inbox.next()) {
      const { peer, frames } = letter;
      const end = frames.findIndex(({ length }) => length === 0);
      // Without an empty frame nobody can say where the question begins.
      if (end < 0 || end === frames.length - 1) continue;
      this.#asker = { peer, route: frames.slice(0, end + 1) };
      return frames.slice(end + 1);
    }
    return undefined;
  }

  async takeLater(frames: readonly Uint8Array[]): Promise<boolean> {
    if (this.closed) return false;
    if (this.#asker === undefined) {
      throw new UsageError(`${this.settings.subject}: a rep only answers; receive a question first`);
    }
    const { peer, route } = this.#asker;
    this.#asker = undefined;
    const { maxBytes, maxMessages = Infinity } = this.settings;
    // One who asks and asks and takes no answer gets none.
    if (peer.queuedBytes >= maxBytes || peer.queuedMessages >= maxMessages) return true;
    peer.write(encodedAlone([...route, ...frames]));
    return true;
  }

  protected override message(peer: Peer, frames: Uint8Array[]): boolean {
    return this.#inbox.put(peer, frames);
  }

  protected override closing(): void {
    this.#inbox.clear();
  }
}
