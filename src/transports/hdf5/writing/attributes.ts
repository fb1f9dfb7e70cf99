import { attribute } from "./messages.ts";
import type { HeaderMessage } from "./object-header.ts";
import type { TreeFile } from "./tree-file.ts";

/** Makes an attribute that is a text of any length. */
export function textAttribute(tree: TreeFile, name: string, text: string): HeaderMessage {
  return attribute(name, "text", [], tree.texts.add(text));
}

/** Makes an attribute that is a whole number. */
export function numberAttribute(name: string, value: number): HeaderMessage {
  return attribute(name, "int64", [], new Uint8Array(BigInt64Array.of(BigInt(value)).buffer));
}
