import { Holding, type Loan, loanOf } from "../lent-memory.ts";

/** Wire bytes of several messages, ready to be written to any number of peers. */
export interface Encoded {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly messages: number;
  /** Told by whoever writes them; absent where no memory in them is lent. */
  readonly holding?: Holding | undefined;
}

const BLOCK_BYTES = 64 * 1024;
/** From here on a frame is written by reference, not copied. */
const BY_REFERENCE = 32 * 1024;
/** A block with less in it is copied out, so that a small write does not cost a whole block. */
const WORTH_A_BLOCK = 4 * 1024;
/** Up to here a loop is quicker than a call that copies. */
const BY_LOOP = 48;
const MORE = 0x01;
const LONG = 0x02;

/** Puts messages into blocks of wire bytes: small frames are copied together, large ones go along by reference. */
export class Encoder {
  /** Made when first needed: who never gets anything costs nothing. */
  #block = NO_BLOCK;
  /** Where the part that is being filled began. */
  #from = 0;
  #to = 0;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #messages = 0;
  #loans: Loan[] | undefined;

  get bytes(): number {
    return this.#bytes;
  }

  get messages(): number {
    return this.#messages;
  }

  add(frames: readonly Uint8Array[]): void {
    const last = frames.length - 1;
    for (let index = 0; index <= last; index += 1) {
      this.#frame(frames[index] as Uint8Array, index < last ? MORE : 0);
    }
    this.#messages += 1;
  }

  /** Gives what was added since the last time. */
  take(): Encoded {
    this.#endPart(true);
    const holding = this.#loans === undefined ? undefined : new Holding(this.#loans);
    const encoded = { parts: this.#parts, bytes: this.#bytes, messages: this.#messages, holding };
    this.#loans = undefined;
    this.#parts = [];
    this.#bytes = 0;
    this.#messages = 0;
    return encoded;
  }

  #frame(frame: Uint8Array, more: number): void {
    const { length } = frame;
    const head = length > 255 ? 9 : 2;
    const copied = length < BY_REFERENCE ? length : 0;
    if (this.#to + head + copied > this.#block.length) this.#nextBlock();
    const block = this.#block;
    let at = this.#to;
    if (head === 2) {
      block[at] = more;
      block[at + 1] = length;
    } else {
      block[at] = more | LONG;
      block.writeUInt32BE(Math.floor(length / 4_294_967_296), at + 1);
      block.writeUInt32BE(length % 4_294_967_296, at + 5);
    }
    at += head;
    this.#bytes += head + length;
    if (copied === 0 && length > 0) {
      this.#to = at;
      this.#endPart(false);
      this.#parts.push(frame);
      this.#borrow(frame);
      return;
    }
    if (length <= BY_LOOP) for (let index = 0; index < length; index += 1) block[at + index] = frame[index] as number;
    else block.set(frame, at);
    this.#to = at + length;
  }

  #borrow(frame: Uint8Array): void {
    const loan = loanOf(frame);
    if (loan === undefined) return;
    // From now on: its message may be settled before the batch ends.
    loan.hold();
    this.#loans ??= [];
    this.#loans.push(loan);
  }

  #nextBlock(): void {
    this.#endPart(false);
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#from = 0;
    this.#to = 0;
  }

  /** At the end of a batch a little is copied out, so that the block can be filled further. */
  #endPart(isLast: boolean): void {
    const length = this.#to - this.#from;
    if (length === 0) return;
    if (isLast && length < WORTH_A_BLOCK) {
      this.#parts.push(new Uint8Array(this.#block.buffer.slice(this.#from, this.#to)));
      this.#to = this.#from;
      return;
    }
    this.#parts.push(this.#block.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }
}

const NO_BLOCK = Buffer.alloc(0);
