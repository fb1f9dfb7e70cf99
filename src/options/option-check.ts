import { UsageError } from "../errors.ts";
import { insteadOf } from "./nearest.ts";

/** Refuses what is no object of options, and options that do not exist, with the name that was probably meant. */
export function checkNames(subject: string, options: unknown, names: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new UsageError(
      `${subject}: expected an object of options, got ${shown(options)}; there are: ${names.join(", ")}`,
    );
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    throw new UsageError(`${subject}: there is no option "${name}"; ${insteadOf(name, names)}`);
  }
}

/** Makes the error for an option whose value cannot be meant. */
export function wrongOption(subject: string, name: string, expected: string, got: unknown): UsageError {
  return new UsageError(`${subject}: ${name}: expected ${expected}, got ${shown(got)}`);
}

/** Gives a whole number of a range, or the default where the option is absent. */
export function wholeNumber(
  subject: string,
  name: string,
  value: unknown,
  other: number,
  lowest: number,
  highest: number = Number.MAX_SAFE_INTEGER,
): number {
  if (value === undefined) return other;
  if (Number.isSafeInteger(value) && (value as number) >= lowest && (value as number) <= highest)
    return value as number;
  const range = highest === Number.MAX_SAFE_INTEGER ? `from ${lowest} on` : `from ${lowest} to ${highest}`;
  throw wrongOption(subject, name, `a whole number ${range}`, value);
}

/** Gives one of several values, or the default where the option is absent. */
export function oneOf<T extends string | boolean>(
  subject: string,
  name: string,
  value: unknown,
  other: T,
  all: readonly T[],
): T {
  if (value === undefined) return other;
  if (all.includes(value as T)) return value as T;
  throw wrongOption(subject, name, all.map(shown).join(" or "), value);
}

/** Gives a text that is not empty; NUL, at which paths would end, may not stand in it. */
export function nonEmptyText(subject: string, name: string, value: unknown): string {
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  throw wrongOption(subject, name, "a text", value);
}

/** Gives a value as it would stand in a program, short enough for one line. */
export function shown(value: unknown): string {
  const text = textOf(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function textOf(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // It contains itself, or what JSON has no form for.
    return typeof value === "object" ? "an object" : `a ${typeof value}`;
  }
}
