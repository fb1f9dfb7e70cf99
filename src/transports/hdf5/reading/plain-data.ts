import { RejectedError } from "../../../errors.ts";
import { isRefusedKey } from "../../../message/msgpack/refused-keys.ts";
import { MESSAGE } from "../format/message-types.ts";
import { StoredDataset } from "./dataset.ts";
import { readLinks } from "./links.ts";
import { messageOf, readMessages } from "./object-header.ts";
import { isDataset, type StoredObject, type StoredTree } from "./stored-tree.ts";

const MAX_VALUES = 1_000;
const MAX_OBJECTS = 10_000;
const MAX_DEPTH = 8;
const MAX_LIST = 100;

/** Reads the numbers and texts of a file as one object: what a Start of its frames says. */
export async function plainData(tree: StoredTree): Promise<Readonly<Record<string, unknown>>> {
  const root = await tree.find("/");
  const data: Record<string, unknown> = {};
  if (root === undefined) return data;
  const seen = new Set<number>();
  let values = 0;
  const read = async (group: StoredObject, into: Record<string, unknown>, depth: number): Promise<void> => {
    const { file, texts } = group;
    for (const [name, link] of await readLinks(file, group.messages)) {
      // What several names lead to is read once; what is in another file has frames, not words.
      if (link.kind !== "object" || seen.has(link.address) || isRefusedKey(name)) continue;
      seen.add(link.address);
      if (values >= MAX_VALUES || seen.size > MAX_OBJECTS) return;
      const object: StoredObject = { file, texts, messages: await readMessages(file, link.address) };
      if (isDataset(object)) {
        const value = await plainValue(object);
        if (value === undefined) continue;
        into[name] = value;
        values += 1;
      } else if (depth < MAX_DEPTH && messageOf(object.messages, MESSAGE.datatype) === undefined) {
        const below: Record<string, unknown> = {};
        await read(object, below, depth + 1);
        if (Object.keys(below).length > 0) into[name] = below;
      }
    }
  };
  await read(root, data, 0);
  return data;
}

/** What cannot be read here is left out: the frames may well be. */
async function plainValue(object: StoredObject): Promise<unknown> {
  try {
    const value = await (await StoredDataset.open(object)).value();
    return Array.isArray(value) && value.length > MAX_LIST ? undefined : value;
  } catch (error) {
    if (error instanceof RejectedError) return undefined;
    throw error;
  }
}
