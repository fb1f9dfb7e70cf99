import { UsageError } from "../../errors.ts";
import type { Args } from "../args.ts";

/** Gives the object of JSON that an option of the command line holds, if it is there. */
export function jsonOption(args: Args, name: string): Readonly<Record<string, unknown>> | undefined {
  const given = args.text(name);
  if (given === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch (error) {
    throw new UsageError(`--${name}: is no JSON; write it in quotes: '{"key": "value"}'`, { cause: error });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError(`--${name}: expected an object of JSON: '{"key": "value"}'`);
}
