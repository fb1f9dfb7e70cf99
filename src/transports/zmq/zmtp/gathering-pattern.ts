import { UsageError } from "../../../errors.ts";
import type { SocketSettings } from "../socket.ts";
import type { ZmtpBounds } from "./bounds.ts";
import { encodedAlone } from "./encoder.ts";
import { Inbox, type InboxBounds } from "./inbox.ts";
import type { PatternNews, Subscribing } from "./pattern.ts";
import type { Peer } from "./peer.ts";
import { Prefixes } from "./prefixes.ts";
import { ZmtpSocket } from "./zmtp-socket.ts";

const SUBSCRIBE = 1;
const CANCEL = 0;

/** Is a PULL, SUB or XSUB: takes in turn what comes, and says what it wants to have. */
export class GatheringPattern extends ZmtpSocket implements Subscribing {
  readonly #type: "PULL" | "SUB" | "XSUB";
  readonly #inbox: Inbox;
  readonly #prefixes = new Prefixes();
  /** How often each was asked for: only the first and the last are told. */
  readonly #asked = new Map<string, number>();

  constructor(
    type: "PULL" | "SUB" | "XSUB",
    settings: SocketSettings & InboxBounds,
    bounds: ZmtpBounds,
    news: PatternNews,
  ) {
    super(type, settings, bounds, news);
    this.#type = type;
    this.#inbox = new Inbox(settings, () => news.came());
  }

  next(): Uint8Array[] | undefined {
    return this.#inbox.next()?.frames;
  }

  subscribe(prefix: Uint8Array): void {
    const key = keyOf(prefix);
    const before = this.#asked.get(key) ?? 0;
    this.#asked.set(key, before + 1);
    if (before > 0) return;
    this.#prefixes.add(new Uint8Array(prefix));
    for (const peer of this.ready) tell(peer, prefix, true);
  }

  unsubscribe(prefix: Uint8Array): void {
    const key = keyOf(prefix);
    const before = this.#asked.get(key) ?? 0;
    if (before === 0) return;
    if (before > 1) {
      this.#asked.set(key, before - 1);
      return;
    }
    this.#asked.delete(key);
    this.#prefixes.remove(prefix);
    for (const peer of this.ready) tell(peer, prefix, false);
  }

  /** Of an XSUB: a subscription, its end, or a message to all publishers who have room. */
  async takeLater(frames: readonly Uint8Array[]): Promise<boolean> {
    if (this.#type !== "XSUB") {
      const other = this.#type === "SUB" ? "an xsub" : "a push";
      throw new UsageError(`${this.settings.subject}: a ${this.#type.toLowerCase()} sends nothing; take ${other}`);
    }
    if (this.closed) return false;
    const [first] = frames;
    if (frames.length === 1 && first?.[0] === SUBSCRIBE) this.subscribe(first.subarray(1));
    else if (frames.length === 1 && first?.[0] === CANCEL) this.unsubscribe(first.subarray(1));
    else this.#sendUp(frames);
    return true;
  }

  protected override message(peer: Peer, frames: Uint8Array[]): boolean {
    // A publisher may send more than was asked for, as one that still knows a connection before this one.
    if (this.#type === "SUB" && !this.#prefixes.matches(frames[0] as Uint8Array)) return true;
    return this.#inbox.put(peer, frames);
  }

  protected override came(peer: Peer): void {
    for (const prefix of this.#prefixes.values()) tell(peer, prefix, true);
  }

  protected override closing(): void {
    this.#inbox.clear();
  }

  #sendUp(frames: readonly Uint8Array[]): void {
    const { maxBytes, maxMessages = Infinity } = this.settings;
    const encoded = encodedAlone(frames);
    for (const peer of this.ready) {
      if (peer.queuedBytes < maxBytes && peer.queuedMessages < maxMessages) peer.write(encoded);
    }
  }
}

/** Subscribes at one peer, or ends that, in the form of its version. */
function tell(peer: Peer, prefix: Uint8Array, isWanted: boolean): void {
  if (peer.facts?.isNew === true) {
    peer.command(isWanted ? "SUBSCRIBE" : "CANCEL", prefix);
    return;
  }
  peer.write(encodedAlone([Buffer.concat([Uint8Array.of(isWanted ? SUBSCRIBE : CANCEL), prefix])]));
}

function keyOf(prefix: Uint8Array): string {
  return Buffer.from(prefix.buffer, prefix.byteOffset, prefix.length).toString("latin1");
}
