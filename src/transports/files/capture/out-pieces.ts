const BUFFER_BYTES = 1024 * 1024;
const MAX_SPARE = 2;
const ZEROS = new Uint8Array(8);

/** Is a part of what is to be written, with its place in the file. */
export interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Gathers what is to be written at the end of a file: small things in large buffers, large ones as they are. */
export class OutPieces {
  /** Where the next byte will stand. */
  end: number;
  /** The buffer that is filled; what `room` made room for is written here. */
  bytes: Uint8Array = new Uint8Array(BUFFER_BYTES);
  view: DataView = new DataView(this.bytes.buffer);
  #pieces: Piece[] = [];
  /** Where in the buffer begins what is in no piece yet, and where it ends. */
  #from = 0;
  #fill = 0;
  readonly #spare: Uint8Array[] = [];
  /** Buffers that are full, with the place of their end. */
  readonly #full: { readonly bytes: Uint8Array; readonly end: number }[] = [];

  constructor(end: number) {
    this.end = end;
  }

  /** Takes so many bytes of the buffer, which are to be filled now, and gives their place in it. */
  room(bytes: number): number {
    if (this.#fill + bytes > this.bytes.length) this.#next();
    const at = this.#fill;
    this.#fill += bytes;
    this.end += bytes;
    return at;
  }

  /** Takes large bytes as they are; they must stay so until they are written. */
  large(bytes: Uint8Array): void {
    this.#cut();
    this.#push(bytes);
    const rest = bytes.length % 8;
    if (rest !== 0) this.#push(ZEROS.subarray(rest));
  }

  /** Gives what is to be written, in order. */
  pieces(): readonly Piece[] {
    this.#cut();
    return this.#pieces;
  }

  /** Forgets what stands before an offset: it is written. */
  written(offset: number): void {
    let done = 0;
    for (const { at, bytes } of this.#pieces) {
      if (at + bytes.length > offset) break;
      done += 1;
    }
    this.#pieces.splice(0, done);
    const first = this.#pieces[0];
    if (first !== undefined && first.at < offset) {
      this.#pieces[0] = { at: offset, bytes: first.bytes.subarray(offset - first.at) };
    }
    while ((this.#full[0]?.end ?? Number.POSITIVE_INFINITY) <= offset) {
      const { bytes } = this.#full.shift() as { bytes: Uint8Array };
      if (this.#spare.length < MAX_SPARE) this.#spare.push(bytes);
    }
  }

  /** Forgets what would stand at an offset and behind it. */
  rollBack(offset: number): void {
    if (offset >= this.end) return;
    this.#cut();
    while ((this.#pieces.at(-1)?.at ?? -1) >= offset) this.#pieces.pop();
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.at + last.bytes.length > offset) {
      this.#pieces[this.#pieces.length - 1] = { at: last.at, bytes: last.bytes.subarray(0, offset - last.at) };
    }
    this.end = offset;
  }

  #next(): void {
    this.#cut();
    this.#full.push({ bytes: this.bytes, end: this.end });
    this.bytes = this.#spare.pop() ?? new Uint8Array(BUFFER_BYTES);
    this.view = new DataView(this.bytes.buffer);
    this.#from = 0;
    this.#fill = 0;
  }

  #cut(): void {
    if (this.#fill === this.#from) return;
    const bytes = this.bytes.subarray(this.#from, this.#fill);
    this.#pieces.push({ at: this.end - bytes.length, bytes });
    this.#from = this.#fill;
  }

  #push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push({ at: this.end, bytes });
    this.end += bytes.length;
  }
}
