import { RejectedError } from "../../errors.ts";
import { pathOf, quoted } from "../msgpack/path.ts";
import { isRefusedKey } from "../msgpack/refused-keys.ts";
import { fromBase64 } from "./base64.ts";
import { fromJsonArray } from "./json-array.ts";
import { isEscaped, tagOf } from "./json-tags.ts";
import { exactNumber, parsed, parsedExactly, utf8 } from "./json-text.ts";

/** Says what a reader of JSON accepts. */
export interface JsonLimits {
  readonly maxDepth: number;
  /** Whether `{"$bigint": ...}` and its like stand for what JSON has no form for. */
  readonly tags: boolean;
}

const SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** The recursion ends here, whatever a caller allows. */
const DEEPEST = 512;

/**
 * Reads one JSON document. Bare NaN and Infinity are accepted outside of texts; integers beyond 2^53 become BigInts;
 * depth and keys are checked.
 */
export function readJson(bytes: Uint8Array, limits: JsonLimits): unknown {
  const text = utf8(bytes);
  const quick = new Walk(limits, false);
  try {
    const value = quick.value(parsed(text), 0);
    if (!quick.rounded) return value;
  } catch (thrown) {
    if (!(thrown instanceof RejectedError) || !(thrown.cause instanceof SyntaxError)) throw thrown;
  }
  return new Walk(limits, true).value(parsedExactly(text), 0);
}

/** Tells whether bytes begin like a JSON object; no MessagePack map does. */
export function isJsonText(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length && SPACE.has(bytes[at] as number)) at += 1;
  return bytes[at] === 0x7b;
}

/** Puts values in place of the objects that stand for them, and refuses what no document may hold. */
class Walk {
  /** True when a number was met that may have been rounded. */
  rounded = false;
  readonly #maxDepth: number;
  readonly #tags: boolean;
  readonly #exact: boolean;
  readonly #path: (string | number)[] = [];

  constructor(limits: JsonLimits, exact: boolean) {
    this.#maxDepth = Math.min(limits.maxDepth, DEEPEST);
    this.#tags = limits.tags;
    this.#exact = exact;
  }

  value(value: unknown, depth: number): unknown {
    if (typeof value === "number") {
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) this.rounded = true;
      return value;
    }
    if (typeof value !== "object" || value === null) return value;
    return Array.isArray(value) ? this.#list(value, depth) : this.#object(value as Record<string, unknown>, depth);
  }

  #list(list: unknown[], depth: number): unknown[] {
    this.#descend(depth);
    for (let index = 0; index < list.length; index += 1) {
      this.#path[depth] = index;
      list[index] = this.value(list[index], depth + 1);
    }
    this.#path.length = depth;
    return list;
  }

  #object(object: Record<string, unknown>, depth: number): unknown {
    const number = this.#exact ? exactNumber(object) : undefined;
    if (number !== undefined) return number;
    const keys = Object.keys(object);
    const tag = this.#tags ? tagOf(keys) : undefined;
    if (tag !== undefined && !isEscaped(tag)) return this.#tagged(tag, object[tag]);
    this.#descend(depth);
    for (const key of keys) {
      this.#path[depth] = key;
      if (isRefusedKey(key)) throw new RejectedError(`${this.#place(depth)}the key ${quoted(key)} is refused`);
      object[key] = this.value(object[key], depth + 1);
    }
    this.#path.length = depth;
    return tag === undefined ? object : { [tag.slice(1)]: object[tag] };
  }

  #descend(depth: number): void {
    if (depth >= this.#maxDepth) throw this.#fault("nested too deeply");
  }

  #tagged(tag: string, value: unknown): unknown {
    if (tag === "$bytes") return fromBase64(value, this.#name());
    if (tag === "$array") return fromJsonArray(value, this.#name());
    const text = typeof value === "string" ? value : "";
    if (tag === "$bigint") {
      if (!/^-?\d{1,100}$/.test(text)) throw this.#fault("$bigint: expected digits");
      return BigInt(text);
    }
    const number = Number(text);
    if (text.trim() === "" || (Number.isNaN(number) && text !== "NaN")) throw this.#fault("$float: expected a number");
    return number;
  }

  #fault(problem: string): RejectedError {
    const name = this.#name();
    return new RejectedError(name === "" ? problem : `${name}: ${problem}`);
  }

  #name(): string {
    return pathOf(this.#path);
  }

  /** Names the object that holds the key in hand. */
  #place(depth: number): string {
    const name = pathOf(this.#path.slice(0, depth));
    return name === "" ? "" : `${name}: `;
  }
}
