import { UsageError } from "../../../errors.ts";
import { bytesOf, type DType, type NdArray } from "../../../message/ndarray.ts";
import { Column } from "./column.ts";
import { Frames } from "./frames.ts";
import type { Group } from "./group.ts";
import type { GrowingFile } from "./growing-file.ts";
import { type FrameCompression, type StoredChunk, storedChunk } from "./stored-chunk.ts";

/** Says where an array stands: in which dataset, in which row. */
export interface ArrayPlace {
  readonly array: number;
  readonly row: number;
}

interface ArraySet {
  readonly number: number;
  readonly rows: Frames | Column;
  /** The filter of the dataset, as text. */
  readonly filter: string;
}

const MAX_SETS = 64;
/** Smaller arrays that are not compressed share chunks. */
const SHARED_BYTES = 4096;
const MAX_CHUNK_BYTES = 2 ** 32 - 1;

/** Puts arrays into datasets: one for each element type and shape. */
export class ArraySets {
  readonly #file: GrowingFile;
  readonly #group: Group;
  readonly #compression: FrameCompression;
  readonly #sets = new Map<string, ArraySet>();

  constructor(file: GrowingFile, group: Group, compression: FrameCompression) {
    this.#file = file;
    this.#group = group;
    this.#compression = compression;
  }

  /** Adds an array that has elements; what fails has not been added. */
  add(array: NdArray<DType>): ArrayPlace | Promise<ArrayPlace> {
    if (array.byteLength > MAX_CHUNK_BYTES) {
      throw new UsageError(`hdf5: an array of ${array.byteLength} bytes is too large for a chunk; at most 4 GiB are`);
    }
    const kind = `${array.dtype} ${array.shape.join(" ")}`;
    const chunk = storedChunk(array, this.#compression);
    const set = this.#sets.get(kind) ?? this.#make(kind, array, chunk);
    const { rows, number } = set;
    const place = { array: number, row: rows.rows };
    if (rows instanceof Column) {
      rows.push(chunk.filter === undefined ? joined(chunk.parts) : bytesOf(array));
      return place;
    }
    const wait = this.#addFrame(rows, set, array, chunk);
    return wait === undefined ? place : wait.then(() => place);
  }

  /** Writes the chunks of small arrays that are full. */
  async writeChunks(): Promise<void> {
    for (const { rows } of this.#sets.values()) if (rows instanceof Column) await rows.writeChunks();
  }

  #addFrame(rows: Frames, set: ArraySet, array: NdArray<DType>, chunk: StoredChunk): void | Promise<void> {
    if (set.filter === "") return rows.add(chunk.filter === undefined ? chunk.parts : [bytesOf(array)], 0);
    if (set.filter === nameOf(chunk)) return rows.add(chunk.parts, 0);
    // The dataset has another filter, which is left out for this chunk.
    return rows.add([bytesOf(array)], 1);
  }

  #make(kind: string, array: NdArray<DType>, chunk: StoredChunk): ArraySet {
    const { dtype, shape } = array;
    const number = this.#sets.size;
    if (number >= MAX_SETS) {
      throw new UsageError(
        `hdf5: the arrays of a run have more than ${MAX_SETS} shapes or element types; write them to several runs, ` +
          "or record them with CapturePublisher",
      );
    }
    const options = { form: dtype, shape, ...(chunk.filter !== undefined && { filter: chunk.filter }) };
    const sharesChunks = chunk.filter === undefined && array.byteLength < SHARED_BYTES;
    const rows = sharesChunks ? new Column(this.#file, options) : new Frames(this.#file, options);
    const set = { number, rows, filter: nameOf(chunk) };
    this.#group.add(number === 0 ? "data" : `data_${number + 1}`, rows);
    this.#sets.set(kind, set);
    return set;
  }
}

function nameOf({ filter }: StoredChunk): string {
  return filter === undefined ? "" : `${filter.id} ${filter.parameters.join(" ")}`;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}
