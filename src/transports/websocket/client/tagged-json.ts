import { liveArray } from "./live-array.ts";
import { LiveFormatError } from "./messages.ts";

const TAG = /^\$+(?:bigint|bytes|float|array)$/;
const MAX_DEPTH = 65;

/** Reads JSON text in which `{"$bytes": ...}` and its like stand for what JSON has no form for. */
export function readTaggedJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new LiveFormatError("json: the text is not JSON");
  }
  return untagged(value, 0);
}

/** Reads base64 into bytes. */
export function fromBase64(text: unknown): Uint8Array {
  if (typeof text !== "string") throw new LiveFormatError("json: expected base64");
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new LiveFormatError("json: not base64");
  }
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

function untagged(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) throw new LiveFormatError("json: nested too deeply");
  if (Array.isArray(value)) return value.map((one) => untagged(one, depth + 1));
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && TAG.test(only[0])) return tagged(only[0], only[1], depth);
  // fromEntries defines what it is given: no key changes a prototype.
  return Object.fromEntries(entries.map(([key, one]) => [key, untagged(one, depth + 1)]));
}

function tagged(tag: string, value: unknown, depth: number): unknown {
  // One more $ stands for a key that merely looks like a tag.
  if (tag.startsWith("$$")) return { [tag.slice(1)]: untagged(value, depth + 1) };
  if (tag === "$bytes") return fromBase64(value);
  if (tag === "$float") return Number(value);
  if (tag === "$bigint") {
    if (typeof value !== "string" || !/^-?\d{1,100}$/.test(value)) throw new LiveFormatError("json: not an integer");
    return BigInt(value);
  }
  const { dtype, shape, data } = (value ?? {}) as Record<string, unknown>;
  return liveArray(dtype, shape, fromBase64(data));
}
