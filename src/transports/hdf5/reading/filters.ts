import { inflateSync } from "node:zlib";
import { zstd } from "../../../compression/bszstd.ts";
import { type Compression, decompress, isElementSize } from "../../../compression/index.ts";
import { decodeZstd } from "../../../compression/zstd.ts";
import { RejectedError, text } from "../../../errors.ts";
import { FILTER } from "../format/message-types.ts";
import { ByteReader } from "./byte-reader.ts";

const CHECKSUM_BYTES = 4;

/** Is a filter that chunks went through when they were written. */
export interface StoredFilter {
  readonly id: number;
  readonly parameters: readonly number[];
}

/** Reads a filter pipeline message. */
export function readFilters(body: Uint8Array): readonly StoredFilter[] {
  const reader = new ByteReader(body);
  const version = reader.version("a filter pipeline", [1, 2]);
  const count = reader.u8();
  if (version === 1) reader.skip(6);
  return Array.from({ length: count }, () => {
    const id = reader.u16();
    const nameBytes = version === 2 && id < 256 ? 0 : reader.u16();
    reader.skip(2);
    const parameterCount = reader.u16();
    reader.skip(version === 1 ? Math.ceil(nameBytes / 8) * 8 : nameBytes);
    const parameters = Array.from({ length: parameterCount }, () => reader.u32());
    if (version === 1 && parameterCount % 2 === 1) reader.skip(4);
    return { id, parameters };
  });
}

/** Gives the compression that a chunk stays in until it is touched; undefined where it has to be undone by `unfiltered`. */
export function compressionOf({ id, parameters }: StoredFilter, elementBytes: number): Compression | undefined {
  if (id === FILTER.lz4) return { name: "lz4", framing: "framed" };
  if (id !== FILTER.bitshuffle) return undefined;
  const [, , elementSize = elementBytes, , method = 0] = parameters;
  if (!isElementSize(elementSize)) return undefined;
  if (method === 2) return { name: "bslz4", elementSize, framing: "framed" };
  return method === 3 ? { name: "bszstd", elementSize } : undefined;
}

/** Undoes the filters of a chunk, the last one first; `mask` has a bit for each that was left out. */
export function unfiltered(
  bytes: Uint8Array,
  mask: number,
  filters: readonly StoredFilter[],
  chunkBytes: number,
  elementBytes: number,
): Uint8Array {
  const isUsed = (index: number): boolean => (mask & (1 << index)) === 0;
  let content = bytes;
  for (let index = filters.length - 1; index >= 0; index -= 1) {
    if (!isUsed(index)) continue;
    const checksums = filters.slice(0, index).filter(({ id }, before) => id === FILTER.fletcher32 && isUsed(before));
    const size = chunkBytes + checksums.length * CHECKSUM_BYTES;
    content = undone(content, filters[index] as StoredFilter, size, elementBytes);
  }
  if (content.length !== chunkBytes) {
    throw new RejectedError(`hdf5: a chunk has ${content.length} bytes, not ${chunkBytes}; the file is damaged`);
  }
  return content;
}

/** Undoes a filter; `size` is how many bytes there were before it. */
function undone(bytes: Uint8Array, filter: StoredFilter, size: number, elementBytes: number): Uint8Array {
  const { id } = filter;
  const compression = compressionOf(filter, elementBytes);
  if (compression !== undefined) return decompress(compression, bytes, size);
  if (id === FILTER.deflate) return inflated("deflate", () => inflateSync(bytes, { maxOutputLength: size }));
  if (id === FILTER.shuffle) return unshuffled(bytes, filter.parameters[0] ?? elementBytes);
  if (id === FILTER.fletcher32) return bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_BYTES));
  if (id === FILTER.zstd) return inflated("zstd", () => unpackedZstd(bytes, size));
  throw new RejectedError(
    `hdf5: chunks went through filter ${id}, which is not known here; h5repack -f GZIP=1 writes what is`,
  );
}

function unpackedZstd(bytes: Uint8Array, size: number): Uint8Array {
  const library = zstd();
  if (library !== undefined) return library.zstdDecompressSync(bytes, { maxOutputLength: size });
  const content = new Uint8Array(size);
  decodeZstd(bytes, content);
  return content;
}

function inflated(name: string, work: () => Uint8Array): Uint8Array {
  try {
    return work();
  } catch (error) {
    throw new RejectedError(`hdf5: a chunk of ${name} is damaged: ${text(error)}`, { cause: error });
  }
}

/** Puts together bytes that were sorted by their place in the element. */
function unshuffled(bytes: Uint8Array, elementBytes: number): Uint8Array {
  const count = elementBytes > 1 ? Math.floor(bytes.length / elementBytes) : 0;
  if (count <= 1) return bytes;
  const target = Uint8Array.from(bytes);
  for (let byte = 0; byte < elementBytes; byte += 1) {
    const from = byte * count;
    for (let element = 0; element < count; element += 1) {
      target[element * elementBytes + byte] = bytes[from + element] as number;
    }
  }
  return target;
}
