import type { Peer } from "./peer.ts";

/** Bounds what waits of one peer. */
export interface InboxBounds {
  readonly maxBytes: number;
  readonly maxMessages: number;
}

/** Is a message, and who sent it. */
export interface Letter {
  readonly peer: Peer;
  readonly frames: Uint8Array[];
}

interface Pile {
  messages: Uint8Array[][];
  /** Where the next one stands. */
  at: number;
  bytes: number;
  isStopped: boolean;
}

/** Keeps what came until it is asked for, and gives it out one message of each peer in turn. */
export class Inbox {
  readonly #bounds: InboxBounds;
  readonly #came: () => void;
  /** Those of whom something is there, in the order of their turns. */
  readonly #piles = new Map<Peer, Pile>();

  /** Calls `came` for each message. */
  constructor(bounds: InboxBounds, came: () => void) {
    this.#bounds = bounds;
    this.#came = came;
  }

  /** Takes a message; false stops reading from its peer, until half of what waits was given out. */
  put(peer: Peer, frames: Uint8Array[]): boolean {
    const pile = this.#piles.get(peer) ?? { messages: [], at: 0, bytes: 0, isStopped: false };
    pile.messages.push(frames);
    pile.bytes += bytesOf(frames);
    pile.isStopped = pile.bytes >= this.#bounds.maxBytes || count(pile) >= this.#bounds.maxMessages;
    this.#piles.set(peer, pile);
    this.#came();
    // What came may have been taken at once, and with it the reason to stop.
    return !pile.isStopped;
  }

  next(): Letter | undefined {
    for (const [peer, pile] of this.#piles) {
      this.#piles.delete(peer);
      const frames = pile.messages[pile.at] as Uint8Array[];
      pile.messages[pile.at] = NOTHING;
      pile.at += 1;
      pile.bytes -= bytesOf(frames);
      if (count(pile) > 0) this.#piles.set(peer, pile);
      if (pile.at > pile.messages.length / 2) {
        pile.messages = pile.messages.slice(pile.at);
        pile.at = 0;
      }
      this.#goOn(peer, pile);
      return { peer, frames };
    }
    return undefined;
  }

  clear(): void {
    this.#piles.clear();
  }

  #goOn(peer: Peer, pile: Pile): void {
    const { maxBytes, maxMessages } = this.#bounds;
    if (!pile.isStopped || pile.bytes > maxBytes / 2 || count(pile) > maxMessages / 2) return;
    pile.isStopped = false;
    // Later: the peer may be in the midst of the message that stopped it.
    queueMicrotask(() => pile.isStopped || peer.resume());
  }
}

const NOTHING: Uint8Array[] = [];

function count({ messages, at }: Pile): number {
  return messages.length - at;
}

function bytesOf(frames: readonly Uint8Array[]): number {
  let bytes = 0;
  for (let index = 0; index < frames.length; index += 1) bytes += (frames[index] as Uint8Array).length;
  return bytes;
}
