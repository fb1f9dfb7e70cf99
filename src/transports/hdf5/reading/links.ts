import { RejectedError } from "../../../errors.ts";
import { MESSAGE } from "../format/message-types.ts";
import { ByteReader } from "./byte-reader.ts";
import { readRecords } from "./new-tree.ts";
import { messageOf, type StoredMessage } from "./object-header.ts";
import { ObjectHeap } from "./object-heap.ts";
import type { StoredFile } from "./stored-file.ts";

/** Says to what a name in a group leads. */
export type StoredLink =
  | { readonly kind: "object"; readonly address: number }
  | { readonly kind: "soft"; readonly path: string }
  | { readonly kind: "external"; readonly file: string; readonly path: string };

const MAX_LINKS = 100_000;
const MAX_DEPTH = 32;

/** Reads the links of a group, in whichever of three forms it has them. */
export async function readLinks(
  file: StoredFile,
  messages: readonly StoredMessage[],
): Promise<ReadonlyMap<string, StoredLink>> {
  const links = new Map<string, StoredLink>();
  const add = ([name, link]: readonly [string, StoredLink | undefined]): void => {
    if (links.size >= MAX_LINKS) throw new RejectedError(`hdf5: a group has more than ${MAX_LINKS} links`);
    if (link !== undefined) links.set(name, link);
  };
  for (const { type, body } of messages) if (type === MESSAGE.link) add(readLink(body));
  const table = messageOf(messages, MESSAGE.symbolTable);
  if (table !== undefined) await readTable(file, table, add);
  const info = messageOf(messages, MESSAGE.linkInfo);
  if (info !== undefined) await readDense(file, info, add);
  return links;
}

type Add = (link: readonly [string, StoredLink | undefined]) => void;

function readLink(body: Uint8Array): readonly [string, StoredLink | undefined] {
  const reader = new ByteReader(body);
  reader.version("a link", [1]);
  const flags = reader.u8();
  const kind = (flags & 8) === 0 ? 0 : reader.u8();
  if ((flags & 4) !== 0) reader.skip(8);
  if ((flags & 16) !== 0) reader.skip(1);
  const name = reader.bytes(reader.size(1 << (flags & 3))).toString("utf8");
  if (kind === 0) return [name, { kind: "object", address: reader.place() }];
  if (kind === 1) return [name, { kind: "soft", path: reader.bytes(reader.u16()).toString("utf8") }];
  if (kind !== 64) return [name, undefined];
  const target = new ByteReader(reader.bytes(reader.u16()));
  target.skip(1);
  return [name, { kind: "external", file: target.name(), path: target.name() }];
}

async function readDense(file: StoredFile, info: Uint8Array, add: Add): Promise<void> {
  const reader = new ByteReader(info);
  reader.version("links", [0]);
  if ((reader.u8() & 1) !== 0) reader.skip(8);
  const heapAt = reader.address();
  const treeAt = reader.address();
  if (heapAt === undefined || treeAt === undefined) return;
  const heap = await ObjectHeap.open(file, heapAt);
  for (const record of await readRecords(file, treeAt, MAX_LINKS)) {
    // A hash of the name stands before the place.
    add(readLink(await heap.object(record.subarray(4))));
  }
}

async function readTable(file: StoredFile, table: Uint8Array, add: Add): Promise<void> {
  const reader = new ByteReader(table);
  const tree = reader.place();
  const heap = new ByteReader(await file.part(reader.place(), 32)).expect("HEAP");
  heap.version("a heap of names", [0]);
  const nameBytes = heap.skip(3).size();
  const names = await file.part(heap.skip(8).place(), nameBytes);
  let nodes = 0;
  const read = async (at: number, depth: number): Promise<void> => {
    nodes += 1;
    if (depth > MAX_DEPTH || nodes > MAX_LINKS) throw new RejectedError("hdf5: a group has no end; it is damaged");
    const node = new ByteReader(await file.part(at, 8));
    if (node.bytes(4).toString("latin1") === "SNOD") {
      await readNode(file, at, node.skip(2).u16(), names, add);
      return;
    }
    const children = node.skip(2).u16();
    const keys = new ByteReader(await file.part(at + 24, children * 16));
    for (let child = 0; child < children; child += 1) await read(keys.skip(8).place(), depth + 1);
  };
  await read(tree, 0);
}

const SYMBOL_BYTES = 40;

async function readNode(file: StoredFile, at: number, count: number, names: Buffer, add: Add): Promise<void> {
  const reader = new ByteReader(await file.part(at + 8, count * SYMBOL_BYTES));
  for (let index = 0; index < count; index += 1) {
    const name = new ByteReader(names, reader.size()).name();
    const address = reader.address();
    const kind = reader.u32();
    const scratch = new ByteReader(reader.skip(4).bytes(16));
    if (kind === 2) add([name, { kind: "soft", path: new ByteReader(names, scratch.u32()).name() }]);
    else if (address !== undefined) add([name, { kind: "object", address }]);
  }
}
