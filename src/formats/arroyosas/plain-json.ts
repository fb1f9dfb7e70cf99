import { UsageError } from "../../errors.ts";

/** Writes fields as the JSON that browsers and Python read: without marks for what JSON has no form for. */
export function plainJson(fields: Readonly<Record<string, unknown>>, name: string): Uint8Array {
  const text = JSON.stringify(fields, (key, value: unknown) => {
    if (typeof value === "bigint") return Number(value);
    if (typeof value !== "object" || value === null || Array.isArray(value) || isPlain(value)) return value;
    throw new UsageError(`${name}.${key}: cannot be written as JSON; use numbers, texts, lists and plain objects`);
  });
  return Buffer.from(text);
}

/** A Buffer arrives here as what its own `toJSON` made of it: a plain object. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
