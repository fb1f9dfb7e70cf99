import { RejectedError } from "../../../errors.ts";
import { turnedRound } from "../../../message/documents/claimed-array.ts";
import { compressedArray } from "../../../message/documents/compressed-array.ts";
import { type DType, elements, lazyArray, type NdArray } from "../../../message/ndarray.ts";
import { MESSAGE } from "../format/message-types.ts";
import { type StoredValue, storedValue } from "./attributes.ts";
import { chunkCoordinates, copyChunk } from "./chunk-copy.ts";
import type { ChunkPlaces } from "./chunk-index.ts";
import { chunkPlaces } from "./chunk-places.ts";
import { readSpace, type StoredSpace } from "./dataspace.ts";
import { readType, type StoredType } from "./datatype.ts";
import { compressionOf, readFilters, type StoredFilter, unfiltered } from "./filters.ts";
import type { HeapTexts } from "./heap-texts.ts";
import { readLayout, type StoredLayout } from "./layout.ts";
import { messageOf, type StoredMessage } from "./object-header.ts";
import type { StoredFile } from "./stored-file.ts";

interface Opened {
  readonly file: StoredFile;
  readonly texts: HeapTexts;
  readonly messages: readonly StoredMessage[];
}

const NO_SPACE: StoredSpace = { shape: [0], most: [0] };
/** What no chunk may pass, whatever a frame may have. */
const MAX_BYTES = 1024 ** 3;

/** Reads the elements of a dataset, row by row. */
export class StoredDataset {
  readonly shape: readonly number[];
  readonly type: StoredType;
  readonly #opened: Opened;
  readonly #layout: StoredLayout;
  readonly #filters: readonly StoredFilter[];
  readonly #fill: Uint8Array | undefined;
  readonly #places: ChunkPlaces | undefined;
  /** The chunks of the rows that were read last, without their filters. */
  #band: { readonly row: number; readonly chunks: ReadonlyMap<string, Uint8Array> } | undefined;

  private constructor(
    opened: Opened,
    space: StoredSpace,
    type: StoredType,
    layout: StoredLayout,
    filters: readonly StoredFilter[],
    places: ChunkPlaces | undefined,
  ) {
    this.#opened = opened;
    this.shape = space.shape;
    this.type = type;
    this.#layout = layout;
    this.#filters = filters;
    this.#places = places;
    this.#fill = fillOf(opened.messages, type.bytes);
  }

  static async open(opened: Opened): Promise<StoredDataset> {
    const { messages, file } = opened;
    const body = (kind: number): Buffer => {
      const found = messageOf(messages, kind);
      if (found === undefined) throw new RejectedError("hdf5: a dataset lacks what describes it; the file is damaged");
      return found;
    };
    const space = readSpace(body(MESSAGE.dataspace)) ?? NO_SPACE;
    const type = readType(body(MESSAGE.datatype));
    if (messageOf(messages, MESSAGE.externalFiles) !== undefined) {
      throw new RejectedError("hdf5: elements in other files are not known here; h5repack can put them into one");
    }
    const layout = readLayout(body(MESSAGE.layout));
    const pipeline = messageOf(messages, MESSAGE.filters);
    const filters = pipeline === undefined ? [] : readFilters(pipeline);
    const places =
      layout.kind === "chunked" && space.shape.length > 0
        ? await chunkPlaces(file, layout, space, type.bytes, filters.length > 0)
        : undefined;
    return new StoredDataset(opened, space, type, layout, filters, places);
  }

  /** How many rows there are. */
  get rows(): number {
    return this.shape[0] ?? 1;
  }

  /** Gives a row as an array, compressed as it is where it is a chunk of its own. */
  async array(row: number, maxBytes: number): Promise<NdArray<DType>> {
    const { type } = this;
    if (type.kind !== "number") throw new RejectedError(`hdf5: expected numbers, found ${nameOf(type)}`);
    const shape = this.shape.slice(1);
    const bytes = elements(shape) * type.bytes;
    if (bytes > maxBytes) {
      throw new RejectedError(`hdf5: an array of ${bytes} bytes is too large; at most ${maxBytes} are taken`);
    }
    const { dtype, bigEndian } = type;
    const kept = await this.#asItIs(row, shape, bytes);
    if (kept !== undefined) return kept;
    const raw = await this.bytes(row, 1);
    return lazyArray(dtype, shape, bigEndian && type.bytes > 1 ? turnedRound(raw, type.bytes) : raw);
  }

  /** Reads a dataset that is one value, or a short list. */
  async value(): Promise<StoredValue | undefined> {
    if (this.type.kind === "other" || elements(this.shape) > 1_000) return undefined;
    if (elements(this.shape) * this.type.bytes > 1024 * 1024) return undefined;
    return storedValue(this.type, this.shape, await this.bytes(0, this.rows), this.#opened.texts);
  }

  /** Reads the texts of some rows. */
  async texts(row: number, count: number): Promise<readonly string[]> {
    const value = await storedValue(this.type, [count], await this.bytes(row, count), this.#opened.texts);
    if (!Array.isArray(value) || this.type.kind === "number") throw new RejectedError("hdf5: expected texts");
    return value as readonly string[];
  }

  /** Reads the bytes of some rows, without filters. */
  async bytes(row: number, count: number): Promise<Uint8Array> {
    if (row < 0 || row + count > this.rows)
      throw new RejectedError(`hdf5: there are ${this.rows} rows, not ${row + count}`);
    const rowBytes = elements(this.shape.slice(1)) * this.type.bytes;
    const layout = this.#layout;
    if (count * rowBytes > MAX_BYTES) throw new RejectedError(`hdf5: ${count * rowBytes} bytes at once are too many`);
    if (layout.kind === "compact") {
      const content = layout.content.subarray(row * rowBytes, (row + count) * rowBytes);
      if (content.length < count * rowBytes) throw new RejectedError("hdf5: a dataset ends early; the file is damaged");
      return Uint8Array.from(content);
    }
    if (layout.kind === "contiguous") {
      if (layout.address === undefined) return this.#filled(count * rowBytes);
      return this.#opened.file.bytes(layout.address + row * rowBytes, count * rowBytes);
    }
    const target = this.#filled(count * rowBytes);
    for (let at = row; at < row + count; ) {
      const rows = await this.#copyBand(at, row + count, target.subarray((at - row) * rowBytes), layout.chunk);
      at += rows;
    }
    return target;
  }

  /** Gives a row that is a chunk of its own without undoing its filter. */
  async #asItIs(row: number, shape: readonly number[], bytes: number): Promise<NdArray<DType> | undefined> {
    const { type } = this;
    const layout = this.#layout;
    if (layout.kind !== "chunked" || type.kind !== "number" || this.#filters.length !== 1) return undefined;
    const [rows = 0, ...rest] = layout.chunk;
    if (rows !== 1 || rest.some((length, axis) => length !== shape[axis]) || row >= this.rows) return undefined;
    const compression = compressionOf(this.#filters[0] as StoredFilter, type.bytes);
    const place = compression === undefined ? undefined : await this.#places?.find([row, ...rest.map(() => 0)]);
    if (compression === undefined || place === undefined || (place.mask & 1) !== 0) return undefined;
    // No compression makes much more of what it is given.
    if (place.bytes > 2 * bytes + 4096) throw new RejectedError("hdf5: a chunk is larger than it can be");
    const { dtype, bigEndian } = type;
    const packed = await this.#opened.file.bytes(place.address, place.bytes);
    return compressedArray(
      { type: { dtype, bigEndian }, shape, compression, maxBytes: bytes },
      packed,
      "hdf5: a chunk",
    );
  }

  /** Copies the rows of one band of chunks, and tells how many. */
  async #copyBand(row: number, end: number, target: Uint8Array, chunk: readonly number[]): Promise<number> {
    const height = chunk[0] as number;
    const first = row - (row % height);
    if (this.#band?.row !== first) this.#band = { row: first, chunks: await this.#readBand(first / height, chunk) };
    const rows = Math.min(first + height, end) - row;
    for (const [key, content] of this.#band.chunks) {
      const at = key.split(",").map((place, axis) => Number(place) * (chunk[axis] as number));
      copyChunk({ content, at, chunk, target, row, rows, shape: this.shape, bytes: this.type.bytes });
    }
    return rows;
  }

  async #readBand(number: number, chunk: readonly number[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const chunkBytes = elements(chunk) * this.type.bytes;
    const chunks = new Map<string, Uint8Array>();
    if (chunkBytes > MAX_BYTES) throw new RejectedError(`hdf5: a chunk of ${chunkBytes} bytes is too large`);
    for (const at of chunkCoordinates(number, this.shape, chunk)) {
      const place = await this.#places?.find(at);
      if (place === undefined) continue;
      if (place.bytes > 2 * chunkBytes + 4096) throw new RejectedError("hdf5: a chunk is larger than it can be");
      const stored = await this.#opened.file.bytes(place.address, place.bytes);
      chunks.set(at.join(), unfiltered(stored, place.mask, this.#filters, chunkBytes, this.type.bytes));
    }
    return chunks;
  }

  #filled(bytes: number): Uint8Array {
    const target = new Uint8Array(bytes);
    const fill = this.#fill;
    if (fill?.some((byte) => byte !== 0)) for (let at = 0; at < bytes; at += fill.length) target.set(fill, at);
    return target;
  }
}

/** Names what is no number. */
export function nameOf(type: StoredType): string {
  return type.kind === "other" ? type.name : "a text";
}

function fillOf(messages: readonly StoredMessage[], bytes: number): Uint8Array | undefined {
  const body = messageOf(messages, MESSAGE.fill);
  if (body === undefined || body.length < 2) return undefined;
  const [version = 0, flags = 0] = body;
  const isNew = version === 3;
  const isDefined = isNew ? (flags & 0x20) !== 0 : (body[3] ?? 0) !== 0;
  const at = isNew ? 2 : 4;
  if (!isDefined || body.length < at + 4 || body.readUInt32LE(at) !== bytes) return undefined;
  return body.length < at + 4 + bytes ? undefined : body.subarray(at + 4, at + 4 + bytes);
}
