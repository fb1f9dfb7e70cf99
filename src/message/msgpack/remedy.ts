import { types } from "node:util";

/** Says of a value that MessagePack cannot hold what it is and what to write instead. */
export function remedyFor(value: unknown): string {
  if (typeof value === "function") return "a function cannot be encoded; leave it out";
  if (typeof value === "symbol") return "a symbol cannot be encoded; use its description";
  if (value instanceof Date) return "a Date cannot be encoded; use milliseconds or an ISO string";
  if (value instanceof Map) return "a Map cannot be encoded; use Object.fromEntries(map)";
  if (value instanceof Set) return "a Set cannot be encoded; use [...set]";
  if (value instanceof Error) return "an Error cannot be encoded; use its message";
  if (value instanceof RegExp) return "a RegExp cannot be encoded; use its source";
  if (types.isPromise(value)) return "a Promise cannot be encoded; await it first";
  if (types.isAnyArrayBuffer(value)) return "an ArrayBuffer cannot be encoded; use new Uint8Array(buffer)";
  const name = className(value);
  if (ArrayBuffer.isView(value) || name === "NdArray") {
    return `${withArticle(name)} cannot be encoded; make it the payload, or use a list of numbers or a Uint8Array`;
  }
  return `${name === "" ? "an object with a prototype of its own" : withArticle(name)} cannot be encoded; use a plain object`;
}

function className(value: unknown): string {
  const made = (value as { constructor?: unknown }).constructor;
  return typeof made === "function" && made !== Object ? made.name : "";
}

function withArticle(name: string): string {
  return `${/^[aeio]/i.test(name) ? "an" : "a"} ${name}`;
}
