import { type Document, payloadMark } from "../../message/documents/index.ts";
import { Packer } from "../../message/msgpack/index.ts";
import { TextCache } from "../../message/msgpack/text.ts";
import { bytesOf, type DType, lazyArray, type NdArray } from "../../message/ndarray.ts";

const KEYS = ["msg_type", "image", "frame_number", "tiled_url"] as const;
const NUMBER_KEY = packedKey("frame_number");
const URL_KEY = packedKey("tiled_url");
const DATA_KEY = packedKey("data");
const MARK = payloadMark("map");
/** So often in a row a form is learnt in vain; then the frames of a stream are of too many forms for this to help. */
const MOST_TRIES = 16;

/** The fields of a frame that has these and no others. */
export type PlainFrame = Document & { readonly frame_number: number; readonly tiled_url: string };

/**
 * Knows the bytes of one frame around its image, its number and its address. The next frame of the same element type
 * and shape has the same bytes there, so that comparing, or copying, them takes the place of taking a map apart, or of
 * writing one. Whatever does not have exactly these bytes is left to the general way.
 */
export class FrameForm {
  #head: Uint8Array = new Uint8Array(0);
  #middle: Uint8Array = new Uint8Array(0);
  #dtype: DType = "uint8";
  #shape: readonly number[] = [];
  #imageBytes = -1;
  #tries = 0;
  readonly #urls = new TextCache();
  readonly #packer = new Packer();

  /** Whether it is worth while to learn the form of one more frame. */
  get isLearning(): boolean {
    return this.#tries < MOST_TRIES;
  }

  /** Learns the form of a frame that the general way read or wrote; one that has other fields, too, teaches nothing. */
  learn(frame: Uint8Array, fields: Document, array: NdArray<DType>, imageAt: number): void {
    this.#tries += 1;
    const tries = this.#tries;
    this.#imageBytes = -1;
    if (!isPlainFrame(fields)) return;
    const view = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    const behind = imageAt + array.byteLength;
    const key = view.indexOf(NUMBER_KEY, behind);
    // Of a big-endian array the name says so, and its elements are to be turned round.
    const type = Buffer.concat([packedKey("dtype"), packedKey(array.dtype)]);
    const middle = view.subarray(behind, key + NUMBER_KEY.length);
    const head = view.subarray(0, imageAt);
    if (key < 0 || (!head.includes(type) && !middle.includes(type))) return;
    this.#head = new Uint8Array(head);
    this.#middle = new Uint8Array(middle);
    this.#dtype = array.dtype;
    this.#shape = array.shape;
    this.#imageBytes = array.byteLength;
    const again = this.read(frame);
    const { frame_number: number, tiled_url: url } = fields;
    const isSame = again?.fields.frame_number === number && again.fields.tiled_url === url;
    this.#tries = tries;
    if (!isSame) this.#imageBytes = -1;
  }

  /** Reads a frame of this form; undefined for any other. */
  read(frame: Uint8Array): { readonly fields: PlainFrame; readonly array: NdArray<DType> } | undefined {
    const imageAt = this.#head.length;
    const behind = imageAt + this.#imageBytes;
    if (this.#imageBytes < 0 || !holds(frame, 0, this.#head) || !holds(frame, behind, this.#middle)) return undefined;
    let at = behind + this.#middle.length;
    const tag = frame[at++] as number;
    let number = tag;
    if (tag === 0xcc) number = frame[at++] as number;
    else if (tag === 0xcd) number = (frame[at++] as number) * 256 + (frame[at++] as number);
    else if (!(tag < 0x80)) return undefined;
    if (!holds(frame, at, URL_KEY)) return undefined;
    at += URL_KEY.length;
    const kind = frame[at++] as number;
    const length = kind === 0xd9 ? (frame[at++] as number) : (kind & 0xe0) === 0xa0 ? kind & 31 : -1;
    if (length < 0 || at + length !== frame.length) return undefined;
    const url = this.#urls.read(frame, at, frame.length);
    if (url === undefined) return undefined;
    this.#tries = 0;
    const fields = { msg_type: "event", image: { array: MARK }, frame_number: number, tiled_url: url };
    return { fields, array: lazyArray(this.#dtype, this.#shape, frame.subarray(imageAt, behind)) };
  }

  /** Writes a frame of this form; undefined for any other. */
  write(fields: Document, array: NdArray<DType>): Uint8Array | undefined {
    if (array.dtype !== this.#dtype || !isSameShape(array.shape, this.#shape) || !isPlainFrame(fields))
      return undefined;
    if (this.#imageBytes < 0) return undefined;
    this.#tries = 0;
    const packer = this.#packer;
    packer.reset();
    packer.raw(this.#head);
    packer.raw(bytesOf(array));
    packer.raw(this.#middle);
    packer.uint(fields.frame_number);
    packer.raw(URL_KEY);
    packer.string(fields.tiled_url, "event.metadata.tiled_url");
    return packer.finish();
  }
}

/** Says where the image of so many bytes begins in a frame that was written here, where it comes first in its map. */
export function imageIn(frame: Uint8Array, imageBytes: number): number {
  const key = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).indexOf(DATA_KEY);
  return key + DATA_KEY.length + (imageBytes < 0x100 ? 2 : imageBytes < 0x1_0000 ? 3 : 5);
}

/** Tells whether fields are those of a frame, in their order and no others, with the image in its place. */
function isPlainFrame(fields: Document): fields is PlainFrame {
  const keys = Object.keys(fields);
  if (keys.length !== KEYS.length) return false;
  for (let index = 0; index < KEYS.length; index += 1) if (keys[index] !== KEYS[index]) return false;
  const { msg_type: type, image, frame_number: number, tiled_url: url } = fields as { image: unknown } & Document;
  if (type !== "event" || typeof url !== "string" || !Number.isSafeInteger(number) || (number as number) < 0)
    return false;
  if (typeof image !== "object" || image === null || (image as Document)["array"] !== MARK) return false;
  return Object.keys(image).length === 1;
}

function holds(frame: Uint8Array, from: number, bytes: Uint8Array): boolean {
  const { length } = bytes;
  if (from + length > frame.length) return false;
  for (let index = 0; index < length; index += 1) if (frame[from + index] !== bytes[index]) return false;
  return true;
}

function isSameShape(one: readonly number[], other: readonly number[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}

/** A short text as MessagePack has it. */
function packedKey(text: string): Buffer {
  return Buffer.from([0xa0 | text.length, ...Buffer.from(text)]);
}
