/** What an encoded message says beside its body. */
export interface Sent {
  readonly exchange: string;
  readonly key: string;
  readonly persistent: boolean;
  readonly mandatory: boolean;
  readonly type?: string;
}

/** What stands around the bytes of each frame: its kind, the channel and the length before, a mark behind. */
const FRAME_HEAD = 7;
const FRAME_OVERHEAD = 8;
const FRAME_END = 0xce;
const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const BASIC = 60;
const PUBLISH = 40;
/** Which properties a header has, in the bits of the protocol. */
const HAS_HEADERS = 0x2000;
const HAS_DELIVERY_MODE = 0x1000;
const HAS_TYPE = 0x0020;
/** Where in the header of the content the length of the body stands. */
const BODY_LENGTH = FRAME_HEAD + 4;

/** Encodes what stands before a body, for messages that differ in their bodies only; its length is still to be filled in. */
export class MessageHead {
  readonly #channel: number;
  readonly #bytes: Buffer;
  readonly #lengthAt: number;

  constructor(channel: number, { exchange, key, persistent, mandatory, type }: Sent) {
    const method = Buffer.concat([
      numbers(BASIC, PUBLISH, 0),
      short(exchange),
      short(key),
      Buffer.of(mandatory ? 1 : 0),
    ]);
    const flags = HAS_HEADERS | HAS_DELIVERY_MODE | (type === undefined ? 0 : HAS_TYPE);
    const properties = [Buffer.alloc(4), Buffer.of(persistent ? 2 : 1), ...(type === undefined ? [] : [short(type)])];
    const header = Buffer.concat([numbers(BASIC, 0), Buffer.alloc(8), numbers(flags), ...properties]);
    const first = frame(METHOD, channel, method);
    this.#channel = channel;
    this.#bytes = Buffer.concat([first, frame(HEADER, channel, header)]);
    this.#lengthAt = first.length + BODY_LENGTH;
  }

  /** Gives how many bytes a message takes whose body has so many, in frames of at most so many. */
  length(bodyBytes: number, frameMax: number): number {
    const frames = Math.ceil(bodyBytes / (frameMax - FRAME_OVERHEAD));
    return this.#bytes.length + bodyBytes + frames * FRAME_OVERHEAD;
  }

  /** Writes a message whose body comes in pieces; gives where it ends. */
  write(to: Buffer, from: number, pieces: readonly Uint8Array[], bodyBytes: number, frameMax: number): number {
    to.set(this.#bytes, from);
    const lengthAt = from + this.#lengthAt;
    to.writeUInt32BE(Math.floor(bodyBytes / 0x1_0000_0000), lengthAt);
    to.writeUInt32BE(bodyBytes >>> 0, lengthAt + 4);
    let at = from + this.#bytes.length;
    const most = frameMax - FRAME_OVERHEAD;
    let piece = 0;
    let within = 0;
    for (let left = bodyBytes; left > 0; ) {
      const length = Math.min(left, most);
      at = this.#begin(to, at, length);
      for (const end = at + length; at < end; ) {
        const bytes = pieces[piece] as Uint8Array;
        const some = Math.min(bytes.length - within, end - at);
        to.set(some === bytes.length ? bytes : bytes.subarray(within, within + some), at);
        at += some;
        within += some;
        if (within === bytes.length) {
          piece += 1;
          within = 0;
        }
      }
      to[at] = FRAME_END;
      at += 1;
      left -= length;
    }
    return at;
  }

  #begin(to: Buffer, at: number, length: number): number {
    to[at] = BODY;
    to.writeUInt16BE(this.#channel, at + 1);
    to.writeUInt32BE(length, at + 3);
    return at + FRAME_HEAD;
  }
}

function frame(kind: number, channel: number, bytes: Buffer): Buffer {
  const head = Buffer.of(kind, 0, 0, 0, 0, 0, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(bytes.length, 3);
  return Buffer.concat([head, bytes, Buffer.of(FRAME_END)]);
}

function numbers(...all: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * all.length);
  all.forEach((one, index) => void bytes.writeUInt16BE(one, 2 * index));
  return bytes;
}

function short(text: string): Buffer {
  return Buffer.concat([Buffer.of(Buffer.byteLength(text)), Buffer.from(text)]);
}
