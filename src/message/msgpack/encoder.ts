import { types } from "node:util";
import { UsageError } from "../../errors.ts";
import { ByteWriter, HALF_PAIR } from "./byte-writer.ts";
import { pathOf } from "./path.ts";
import { isRefusedKey } from "./refused-keys.ts";
import { remedyFor } from "./remedy.ts";

/** How many maps and lists may stand inside one another in what is sent: what readers accept by default. */
export const MAX_DEPTH = 64;

/** Writes values as MessagePack, one message after the other. */
export class Packer extends ByteWriter {
  /** Where the value in hand stands, for errors: keys and indices by level, from the level at which `value` began. */
  #path = "";
  #first = 0;
  readonly #trail: (string | number)[] = new Array<string | number>(MAX_DEPTH).fill("");

  /**
   * Writes any value; `path` is its name in errors, `depth` the number of maps and lists that are open around it. What
   * MessagePack cannot hold is refused with a UsageError.
   */
  value(value: unknown, path: string, depth = 0): void {
    this.#path = path;
    this.#first = depth;
    this.#value(value, depth);
  }

  #value(value: unknown, level: number): void {
    switch (typeof value) {
      case "string":
        if (!this.putText(value)) throw this.#refusal(level, HALF_PAIR);
        return;
      case "number":
        this.putNumber(value);
        return;
      case "boolean":
        this.putTag(value ? 0xc3 : 0xc2);
        return;
      case "undefined":
        this.putTag(0xc0);
        return;
      case "bigint":
        this.#bigint(value, level);
        return;
      case "object":
        this.#object(value, level);
        return;
      default:
        throw this.#refusal(level, remedyFor(value));
    }
  }

  #object(value: object | null, level: number): void {
    if (value === null) {
      this.putTag(0xc0);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) this.#record(value as Record<string, unknown>, level);
    else if (Array.isArray(value)) this.#list(value, level);
    else if (types.isUint8Array(value)) this.bin(value);
    else throw this.#refusal(level, remedyFor(value));
  }

  #list(list: readonly unknown[], level: number): void {
    this.#descend(level);
    const { length } = list;
    this.arrayHeader(length);
    for (let i = 0; i < length; i++) {
      this.#trail[level] = i;
      this.#value(list[i], level + 1);
    }
  }

  #record(record: Readonly<Record<string, unknown>>, level: number): void {
    this.#descend(level);
    const own = Object.keys(record).length;
    this.mapHeader(own);
    const behindHeader = this.place;
    let seen = 0;
    let entries = 0;
    // Faster than a loop over the keys. What is inherited comes last, and is not reached.
    for (const key in record) {
      if (seen++ === own) break;
      const value = record[key];
      if (value === undefined) continue;
      entries++;
      this.#trail[level] = key;
      if (isRefusedKey(key)) throw this.#refusal(level + 1, "a key of this name is refused; use another name");
      if (!this.putText(key)) throw this.#refusal(level + 1, HALF_PAIR);
      this.#value(value, level + 1);
    }
    if (entries !== own) this.correctMap(behindHeader, own, entries);
  }

  #descend(level: number): void {
    if (level >= MAX_DEPTH) {
      throw this.#refusal(level, `nested more than ${MAX_DEPTH} deep; does it contain itself? make it flatter`);
    }
  }

  #refusal(level: number, problem: string): UsageError {
    return new UsageError(`${pathOf(this.#trail.slice(this.#first, level), this.#path)}: ${problem}`);
  }

  #bigint(number: bigint, level: number): void {
    if (number >= Number.MIN_SAFE_INTEGER && number <= Number.MAX_SAFE_INTEGER) this.putNumber(Number(number));
    else if (number >= -(2n ** 63n) && number < 2n ** 64n) this.putBigint(number);
    else throw this.#refusal(level, "a bigint beyond 64 bits cannot be encoded; use a string");
  }
}
