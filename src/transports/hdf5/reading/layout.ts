import { RejectedError } from "../../../errors.ts";
import { ByteReader } from "./byte-reader.ts";

/** Says how the chunks of a dataset are found. */
export type ChunkIndex =
  | { readonly kind: "tree" }
  | { readonly kind: "single"; readonly bytes: number | undefined; readonly mask: number }
  | { readonly kind: "implicit" }
  | { readonly kind: "fixed" }
  | { readonly kind: "extensible" }
  | { readonly kind: "new-tree" };

/** Says where the elements of a dataset stand. */
export type StoredLayout =
  | { readonly kind: "compact"; readonly content: Buffer }
  | { readonly kind: "contiguous"; readonly address: number | undefined }
  | {
      readonly kind: "chunked";
      readonly address: number | undefined;
      /** The lengths of a chunk. */
      readonly chunk: readonly number[];
      readonly index: ChunkIndex;
    };

const KINDS = ["compact", "contiguous", "chunked"] as const;

/** Reads a layout message. */
export function readLayout(body: Buffer): StoredLayout {
  const reader = new ByteReader(body);
  const version = reader.version("a layout", [1, 2, 3, 4, 5]);
  if (version < 3) return readOld(reader);
  const kind = reader.u8();
  if (kind === 3) {
    throw new RejectedError(
      "hdf5: a virtual dataset is not known here; name the files that it is made of, which can be read one by one",
    );
  }
  if (kind === 0) return { kind: "compact", content: reader.bytes(reader.u16()) };
  if (kind === 1) return { kind: "contiguous", address: reader.address() };
  if (kind !== 2) throw new RejectedError(`hdf5: there is no layout ${kind}; the file is damaged`);
  if (version === 3) {
    const rank = reader.u8();
    const address = reader.address();
    return { kind: "chunked", address, chunk: chunkOf(reader, rank, 4), index: { kind: "tree" } };
  }
  const flags = reader.u8();
  const rank = reader.u8();
  const bytes = reader.u8();
  const chunk = chunkOf(reader, rank, bytes);
  const index = readIndex(reader, flags);
  return { kind: "chunked", address: reader.address(), chunk, index };
}

function readOld(reader: ByteReader): StoredLayout {
  const rank = reader.u8();
  const kind = KINDS[reader.u8()];
  reader.skip(5);
  if (kind === "contiguous") return { kind, address: reader.address() };
  if (kind === "chunked") {
    const address = reader.address();
    return { kind, address, chunk: chunkOf(reader, rank, 4), index: { kind: "tree" } };
  }
  if (kind === undefined) throw new RejectedError("hdf5: there is no such layout; the file is damaged");
  reader.skip(rank * 4);
  return { kind, content: reader.bytes(reader.u32()) };
}

/** The last length is that of an element, in bytes. */
function chunkOf(reader: ByteReader, rank: number, bytes: number): readonly number[] {
  const lengths = Array.from({ length: rank }, () => reader.size(bytes));
  if (lengths.length < 2 || lengths.length > 33 || lengths.includes(0)) {
    throw new RejectedError(`hdf5: chunks of [${lengths.join(", ")}] cannot be; the file is damaged`);
  }
  return lengths.slice(0, -1);
}

function readIndex(reader: ByteReader, flags: number): ChunkIndex {
  const kind = reader.u8();
  if (kind === 1) {
    const isFiltered = (flags & 2) !== 0;
    const bytes = isFiltered ? reader.size() : undefined;
    return { kind: "single", bytes, mask: isFiltered ? reader.u32() : 0 };
  }
  if (kind === 2) return { kind: "implicit" };
  // Their parameters stand once more where the index begins.
  if (kind === 3) reader.skip(1);
  else if (kind === 4) reader.skip(5);
  else if (kind === 5) reader.skip(6);
  else throw new RejectedError(`hdf5: there is no index ${kind} of chunks; the file is damaged`);
  return { kind: kind === 3 ? "fixed" : kind === 4 ? "extensible" : "new-tree" };
}
