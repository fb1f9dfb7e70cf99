import type { EndedSocket, News } from "../socket.ts";

/** Hears what happens to a socket, and that there may be something to receive. */
export interface PatternNews extends News {
  came(): void;
}

/** Is a socket by its rules: who gets what is sent, and what is given out of what came. */
export interface Pattern extends EndedSocket {
  /** Resolves when all connections are closed after `close`; tells whether everything that was sent has left. */
  readonly ended: Promise<boolean>;
  /** Sends, or waits for room; false after `close` and when the signal aborts. Throws where the pattern does not allow it. */
  takeLater(frames: readonly Uint8Array[], patienceMs?: number, signal?: AbortSignal): Promise<boolean>;
  /** Gives the next message, if one is there. Throws where the pattern does not allow it. */
  next(): Uint8Array[] | undefined;
}

/** Is a pattern that says what it wants to have. */
export interface Subscribing extends Pattern {
  subscribe(prefix: Uint8Array): void;
  /** Takes one `subscribe` back. */
  unsubscribe(prefix: Uint8Array): void;
}
