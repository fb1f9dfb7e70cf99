import type { Settlement } from "../../queue/settlement.ts";

/** Smaller frames are views of memory that is not lent. */
export const LEAST_LENT_BYTES: number = 32 * 1024;

const loans = new WeakMap<ArrayBufferLike, Loan>();

/** Is one use of memory that comes back when nobody needs what is in it: its message is settled, and nobody sends it. */
export class Loan {
  readonly #memory: ArrayBufferLike;
  readonly #back: (memory: ArrayBufferLike) => void;
  #holders = 1;

  constructor(memory: ArrayBufferLike, back: (memory: ArrayBufferLike) => void) {
    this.#memory = memory;
    this.#back = back;
    loans.set(memory, this);
  }

  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    loans.delete(this.#memory);
    this.#back(this.#memory);
  }
}

/** Tells whether bytes lie in memory that is lent, and used again when they are written. */
export function isBorrowed({ buffer }: Uint8Array): boolean {
  return loans.has(buffer);
}

/** Gives the loan of a frame's memory, where it is lent. */
export function loanOf(frame: Uint8Array): Loan | undefined {
  // Only memory of this kind is lent: whoever keeps a message copies it out of that.
  if (frame.length < LEAST_LENT_BYTES || !(frame.buffer instanceof SharedArrayBuffer)) return undefined;
  return loans.get(frame.buffer);
}

/** Gives frames for somebody who does not tell when he is done with them: what is lent is copied. */
export function unlent(frames: readonly Uint8Array[]): readonly Uint8Array[] {
  return frames.some((frame) => loanOf(frame) !== undefined)
    ? frames.map((frame) => (loanOf(frame) === undefined ? frame : new Uint8Array(frame)))
    : frames;
}

/** Brings the lent memory of a received message back when the message is settled. */
export class Return implements Settlement {
  readonly #loans: readonly Loan[];
  readonly #early: () => void;
  #state: "coming" | "came" | "over" = "coming";

  /** Calls `early` where the message is settled before it was handed over. */
  constructor(loans: readonly Loan[], early: () => void) {
    this.#loans = loans;
    this.#early = early;
  }

  /** Notes that the message was handed over. Who settled it before does not tell when he is done: nothing comes back. */
  came(): void {
    if (this.#state === "coming") this.#state = "came";
  }

  ack(): void {
    const before = this.#state;
    this.#state = "over";
    if (before === "coming") this.#early();
    if (before === "came") for (const loan of this.#loans) loan.release();
  }

  nack(): void {
    this.ack();
  }
}

/** Holds lent memory for those who write the same bytes, until the last of them has written them. */
export class Holding {
  readonly #loans: readonly Loan[];
  #writers = 0;

  /** Takes loans that are held already, and lets them go at the end. */
  constructor(loans: readonly Loan[]) {
    this.#loans = loans;
  }

  begin(): void {
    this.#writers += 1;
  }

  end(): void {
    this.#writers -= 1;
    if (this.#writers === 0) for (const loan of this.#loans) loan.release();
  }
}
