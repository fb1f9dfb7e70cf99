import { Holding, type Loan, loanOf } from "../lent-memory.ts";
import { type Block, takeBlock } from "./blocks.ts";

/** Wire bytes of several messages, ready to be written to any number of peers. */
export interface Encoded {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly messages: number;
  /** Told by whoever writes them; absent where no memory in them is lent. */
  readonly holding?: Holding | undefined;
}

/** From here on a frame is written by reference, not copied. */
const BY_REFERENCE = 32 * 1024;
/** From here on that pays, where a frame keeps no more memory alive than this many times what goes out of the same. */
const WORTH_A_REFERENCE = 8 * 1024;
const MOST_KEPT = 4;
/** A block with less in it is copied out, so that a small write does not cost a whole block. */
const WORTH_A_BLOCK = 4 * 1024;
const MORE = 0x01;
const LONG = 0x02;

/** Puts messages into blocks of wire bytes: small frames are copied together, large ones go along by reference. */
export class Encoder {
  /** Taken when first needed: who never gets anything costs nothing. */
  #taken: Block | undefined;
  #block: Buffer = NO_BLOCK;
  /** Where the part that is being filled began. */
  #from = 0;
  #to = 0;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #messages = 0;
  #loans: Loan[] | undefined;
  /** The memory of the last frame that was not small, and how much of it was added. */
  #memory: ArrayBufferLike | undefined;
  #ofMemory = 0;

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

  /** Gives the block back; nothing may be added any more. */
  close(): void {
    this.#taken?.loan.release();
    this.#taken = undefined;
    this.#block = NO_BLOCK;
  }

  #frame(frame: Uint8Array, more: number): void {
    const { length } = frame;
    const head = length > 255 ? 9 : 2;
    const isCopied = length < WORTH_A_REFERENCE || (length < BY_REFERENCE && this.#keepsMuch(frame));
    if (this.#to + head + (isCopied ? length : 0) > this.#block.length) this.#nextBlock();
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
    if (isCopied) {
      block.set(frame, at);
      this.#to = at + length;
      return;
    }
    this.#to = at;
    this.#endPart(false);
    this.#parts.push(frame);
    const loan = loanOf(frame);
    if (loan !== undefined) this.#borrow(loan);
  }

  /** Tells whether a frame by reference would keep much more memory alive than goes out: what waits is bounded. */
  #keepsMuch({ buffer, length }: Uint8Array): boolean {
    if (buffer !== this.#memory) {
      this.#memory = buffer;
      this.#ofMemory = 0;
    }
    this.#ofMemory += length;
    return this.#ofMemory * MOST_KEPT < buffer.byteLength || !(buffer instanceof ArrayBuffer);
  }

  /** From now on: the message may be settled, and the block full, before the batch ends. */
  #borrow(loan: Loan): void {
    loan.hold();
    this.#loans ??= [];
    this.#loans.push(loan);
  }

  #nextBlock(): void {
    this.#endPart(false);
    this.close();
    this.#taken = takeBlock();
    this.#block = this.#taken.bytes;
    this.#from = 0;
    this.#to = 0;
  }

  /** At the end of a batch a little is copied out, so that the block can be filled further. */
  #endPart(isLast: boolean): void {
    const length = this.#to - this.#from;
    if (length === 0) return;
    const part = this.#block.subarray(this.#from, this.#to);
    if (isLast && length < WORTH_A_BLOCK) {
      this.#parts.push(new Uint8Array(part));
      this.#to = this.#from;
      return;
    }
    this.#parts.push(part);
    this.#borrow((this.#taken as Block).loan);
    this.#from = this.#to;
  }
}

/** Gives the wire bytes of one message. */
export function encodedAlone(frames: readonly Uint8Array[]): Encoded {
  const encoder = new Encoder();
  encoder.add(frames);
  const encoded = encoder.take();
  encoder.close();
  return encoded;
}

const NO_BLOCK: Buffer = Buffer.alloc(0);
