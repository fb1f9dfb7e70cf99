/** What a program under test says of its memory. */
export interface MemoryWord {
  /** Resident before the stream, in bytes. */
  readonly before: number;
  /** The most that was ever resident. */
  readonly peak: number;
  /** Resident now, after a collection. */
  readonly now: number;
  /** Messages that came in so far. */
  readonly received: number;
}

/** What the tests bound, in bytes; the programs take them from here. */
export const BOUNDS: Readonly<Record<"queue" | "outlet" | "socket", number>> = {
  queue: 16 * 2 ** 20,
  outlet: 8 * 2 ** 20,
  socket: 8 * 2 ** 20,
};

/** The size of a read, as a socket gives it. */
export const READ_BYTES: number = 64 * 1024;

/** The payload of a message; many of them are in a read. */
export const PAYLOAD_BYTES = 1_000;
