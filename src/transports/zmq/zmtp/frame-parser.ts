import { LEAST_LENT_BYTES } from "../lent-memory.ts";
import type { FramePool } from "./frame-pool.ts";
import { Refusal } from "./refusal.ts";

/** Bounds what a peer may send; each is checked before anything is allocated. */
export interface ParserLimits {
  readonly maxMessageBytes: number;
  readonly maxFrames: number;
  readonly maxCommandBytes: number;
}

/** Takes what was cut out of the bytes. */
export interface Cut {
  /** Takes a whole message; false asks to stop until `resume`. */
  message(frames: Uint8Array[]): boolean;
  command(body: Uint8Array): void;
}

const MORE = 0x01;
const LONG = 0x02;
const COMMAND = 0x04;
const KNOWN = MORE | LONG | COMMAND;
const LONG_HEAD = 9;
/** From here on it pays to let the socket read straight into the frame. */
const READ_IN_PLACE = 32 * 1024;
/** Beyond this the memory of a frame grows with what came of it, not with what its head promises. */
const FIRST_BYTES = 16 * 1024 * 1024;
const GROWTH = 4;

const EMPTY = new Uint8Array(0);
/** Is never added to. */
const NO_FRAMES: Uint8Array[] = [];

/**
 * Cuts bytes into frames and messages, in one pass. Frames that lie in one chunk are views of it; one that does not gets
 * a buffer of its own, which the socket may fill directly.
 */
export class FrameParser {
  readonly #limits: ParserLimits;
  readonly #cut: Cut;
  readonly #pool: FramePool | undefined;
  /** What has not been looked at, after a stop. */
  #chunk: Uint8Array = EMPTY;
  /** The memory of the chunk, and where that begins in it: to ask a view for these takes as long as to cut a frame. */
  #buffer: ArrayBufferLike = EMPTY.buffer;
  #offset = 0;
  #at = 0;
  #head = new Uint8Array(LONG_HEAD);
  #headLength = 0;
  #flags = 0;
  /** A frame that did not lie in one chunk, as far as there is memory for it. */
  #body: Uint8Array | undefined;
  #length = 0;
  #filled = 0;
  #frames: Uint8Array[] = NO_FRAMES;
  #bytes = 0;
  #stopped = false;
  #isOpen = false;

  /** With a pool, large frames get memory that may have been used before. */
  constructor(limits: ParserLimits, cut: Cut, pool?: FramePool) {
    this.#limits = limits;
    this.#cut = cut;
    this.#pool = pool;
  }

  /** True between `message` answering false and `resume`. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** True while a message or a frame of it has begun and not ended. */
  get isUnfinished(): boolean {
    return this.#body !== undefined || this.#headLength > 0 || this.#frames.length > 0;
  }

  /** Takes messages from now on; before, only commands. */
  open(): void {
    this.#isOpen = true;
  }

  /** The rest of a large frame, for the socket to read into; undefined while there is none. */
  get target(): Uint8Array | undefined {
    if (this.#body === undefined || this.#stopped) return undefined;
    return this.#body.length - this.#filled >= READ_IN_PLACE ? this.#body.subarray(this.#filled) : undefined;
  }

  /** Notes that so many bytes were read into `target`. */
  filled(bytes: number): void {
    this.#filled += bytes;
    const body = this.#body as Uint8Array;
    if (this.#filled < body.length) return;
    if (body.length < this.#length) {
      this.#body = this.#memory(Math.min(this.#length, body.length * GROWTH));
      this.#body.set(body);
      return;
    }
    this.#body = undefined;
    this.#end(body);
  }

  /** Takes the next bytes. They belong to the parser from now on. */
  feed(chunk: Uint8Array): void {
    this.#take(this.#stopped ? joined(this.#chunk.subarray(this.#at), chunk) : chunk);
    if (!this.#stopped) this.#parse();
  }

  /** Goes on after a stop. */
  resume(): void {
    this.#stopped = false;
    this.#parse();
  }

  #take(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#buffer = chunk.buffer;
    this.#offset = chunk.byteOffset;
    this.#at = 0;
  }

  #parse(): void {
    const chunk = this.#chunk;
    while (this.#at < chunk.length && !this.#stopped) {
      if (this.#body !== undefined) this.#fill(chunk);
      else if (this.#headLength > 0) this.#continueHead(chunk);
      else this.#frame(chunk);
    }
    if (!this.#stopped) this.#take(EMPTY);
  }

  #frame(chunk: Uint8Array): void {
    const at = this.#at;
    const flags = chunk[at] as number;
    const head = (flags & LONG) === 0 ? 2 : LONG_HEAD;
    if (at + head > chunk.length) {
      this.#head.set(chunk.subarray(at));
      this.#headLength = chunk.length - at;
      this.#at = chunk.length;
      return;
    }
    const length = head === 2 ? (chunk[at + 1] as number) : longLength(chunk, at);
    this.#begin(flags, length);
    const start = at + head;
    if (start + length <= chunk.length) {
      this.#at = start + length;
      this.#end(new Uint8Array(this.#buffer, this.#offset + start, length));
      return;
    }
    this.#at = start;
    this.#beginBody(length);
  }

  #continueHead(chunk: Uint8Array): void {
    const whole = ((this.#head[0] as number) & LONG) === 0 ? 2 : LONG_HEAD;
    while (this.#headLength < whole && this.#at < chunk.length) {
      this.#head[this.#headLength] = chunk[this.#at] as number;
      this.#headLength += 1;
      this.#at += 1;
    }
    if (this.#headLength < whole) return;
    this.#headLength = 0;
    const length = whole === 2 ? (this.#head[1] as number) : longLength(this.#head, 0);
    this.#begin(this.#head[0] as number, length);
    if (length === 0) this.#end(EMPTY);
    else this.#beginBody(length);
  }

  #beginBody(length: number): void {
    this.#length = length;
    this.#filled = 0;
    this.#body = this.#used(length) ?? this.#memory(Math.min(length, FIRST_BYTES));
  }

  /** Only whole frames are lent, and no commands. */
  get #lends(): FramePool | undefined {
    return this.#length >= LEAST_LENT_BYTES && (this.#flags & COMMAND) === 0 ? this.#pool : undefined;
  }

  #used(length: number): Uint8Array | undefined {
    const memory = this.#lends?.used(length);
    return memory === undefined ? undefined : new Uint8Array(memory, 0, length);
  }

  #memory(length: number): Uint8Array {
    const lent = length === this.#length ? this.#lends?.fresh(length) : undefined;
    return lent === undefined ? allocate(length) : new Uint8Array(lent, 0, length);
  }

  #begin(flags: number, length: number): void {
    const { maxMessageBytes, maxFrames, maxCommandBytes } = this.#limits;
    if ((flags & ~KNOWN) !== 0) throw new Refusal(`sent a frame with unknown flags (0x${flags.toString(16)})`);
    this.#flags = flags;
    if ((flags & COMMAND) !== 0) {
      if ((flags & MORE) !== 0) throw new Refusal("sent a command with more frames to follow");
      if (this.#frames.length > 0) throw new Refusal("sent a command inside of a message");
      if (length > maxCommandBytes) throw new Refusal(`sent a command of ${length} bytes, at most ${maxCommandBytes}`);
      return;
    }
    if (!this.#isOpen) throw new Refusal("sent a message before the end of the handshake");
    this.#bytes += length;
    if (this.#bytes > maxMessageBytes) {
      throw new Refusal(`sent a message of at least ${this.#bytes} bytes, at most ${maxMessageBytes} are taken`);
    }
    if (this.#frames.length >= maxFrames) throw new Refusal(`sent a message of more than ${maxFrames} frames`);
  }

  #fill(chunk: Uint8Array): void {
    const body = this.#body as Uint8Array;
    const bytes = Math.min(body.length - this.#filled, chunk.length - this.#at);
    body.set(chunk.subarray(this.#at, this.#at + bytes), this.#filled);
    this.#at += bytes;
    this.filled(bytes);
  }

  #end(frame: Uint8Array): void {
    if ((this.#flags & COMMAND) !== 0) {
      this.#cut.command(frame);
      return;
    }
    const { length } = this.#frames;
    // A list that is made whole takes a third of the memory of one that grows.
    const frames = length === 0 ? [frame] : length === 1 ? [this.#frames[0] as Uint8Array, frame] : this.#frames;
    if (length > 1) frames.push(frame);
    if ((this.#flags & MORE) !== 0) {
      this.#frames = frames;
      return;
    }
    this.#frames = NO_FRAMES;
    this.#bytes = 0;
    if (!this.#cut.message(frames)) this.#stopped = true;
  }
}

/** Lengths beyond what a number can hold are beyond every limit. */
function longLength(bytes: Uint8Array, at: number): number {
  let high = 0;
  let low = 0;
  for (let index = 1; index <= 4; index += 1) high = high * 256 + (bytes[at + index] as number);
  for (let index = 5; index <= 8; index += 1) low = low * 256 + (bytes[at + index] as number);
  return high * 4_294_967_296 + low;
}

/** Fresh memory that is not zeroed and belongs to nobody else. */
function allocate(length: number): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, 0, length);
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  if (one.length === 0) return other;
  const both = allocate(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
