import { isNdArray } from "../../message/ndarray.ts";
import { harmless } from "./text-width.ts";

/** Says how much of a value is drawn. */
export interface TreeOptions {
  readonly maxLines: number;
  /** Items of a list or map that are shown; default 20. */
  readonly maxItems?: number;
  readonly maxDepth?: number;
}

const LONGEST = 200;

/** Draws what a message holds as a tree: a line for each key. */
export function drawTree(value: unknown, options: TreeOptions): string[] {
  const lines: string[] = [];
  const { maxLines, maxItems = 20, maxDepth = 6 } = options;
  let isCut = false;

  function visit(children: readonly (readonly [string, unknown])[], prefix: string, depth: number): void {
    const shown = children.slice(0, maxItems);
    const more = children.length - shown.length;
    for (const [index, [name, child]] of shown.entries()) {
      if (lines.length >= maxLines) {
        isCut = true;
        return;
      }
      const isLast = more === 0 && index === shown.length - 1;
      const inner = isSmall(child) ? undefined : childrenOf(child);
      const text = inner === undefined ? leaf(child) : depth >= maxDepth ? "…" : "";
      lines.push(`${prefix}${isLast ? "└ " : "├ "}${harmless(name)}${text === "" ? "" : `: ${text}`}`);
      if (inner !== undefined && depth < maxDepth) visit(inner, `${prefix}${isLast ? "  " : "│ "}`, depth + 1);
    }
    if (more > 0 && lines.length < maxLines) lines.push(`${prefix}└ … ${more} more`);
  }

  const children = childrenOf(value);
  if (children === undefined) return [isEmpty(value) ? "(nothing)" : leaf(value)];
  visit(children, "", 0);
  if (isCut && lines.length > 0) lines[lines.length - 1] = "…";
  return lines;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && Object.keys(value).length === 0;
}

/** Writes a value that has no lines of its own. */
export function leaf(value: unknown): string {
  if (isNdArray(value)) return `${value.dtype} [${value.shape.join(", ")}]`;
  if (value instanceof Uint8Array) return bytesLeaf(value);
  if (typeof value === "string") return harmless(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(leaf).join(", ")}]`;
  if (typeof value === "object" && value !== null) return "{}";
  return harmless(String(value));
}

const SHOWN_BYTES = 16;

function bytesLeaf(value: Uint8Array): string {
  const hex = Buffer.from(value.subarray(0, SHOWN_BYTES)).toString("hex");
  return `${value.length} bytes ${hex}${value.length > SHOWN_BYTES ? "…" : ""}`.trimEnd();
}

/** Tells whether a list fits on the line of its name. */
function isSmall(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length <= 8 &&
    value.every((item) => item === null || (typeof item !== "object" && String(item).length <= 24))
  );
}

function childrenOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || isNdArray(value)) return undefined;
  if (ArrayBuffer.isView(value)) return undefined;
  const entries =
    value instanceof Map ? [...value].map(([key, item]) => [String(key), item] as const) : Object.entries(value);
  return entries.length === 0 ? undefined : entries;
}
