import { UsageError } from "../../errors.ts";

/** Refuses options that do not exist. */
export function checkNames(subject: string, options: unknown, names: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new UsageError(`${subject}: expected an object of options, got ${shown(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name))
      throw new UsageError(`${subject}: there is no option "${name}"; there are: ${names.join(", ")}`);
  }
}

/** Gives an option that must be a text with something in it. */
export function textOption(subject: string, name: string, value: unknown): string {
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  throw new UsageError(`${subject}: ${name}: expected a text, got ${shown(value)}`);
}

/** Gives a whole number within bounds, or the default. */
export function wholeOption(subject: string, name: string, value: unknown, preset: number, least: number): number {
  if (value === undefined) return preset;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${subject}: ${name}: expected a whole number, ${least} or more, got ${shown(value)}`);
}

/** Gives true or false, or the default. */
export function flagOption(subject: string, name: string, value: unknown, preset: boolean): boolean {
  if (value === undefined) return preset;
  if (typeof value === "boolean") return value;
  throw new UsageError(`${subject}: ${name}: expected true or false, got ${shown(value)}`);
}

/** Gives one of a few values, or the default. */
export function choiceOption<T extends string>(
  subject: string,
  name: string,
  value: unknown,
  preset: T,
  choices: readonly T[],
): T {
  if (value === undefined) return preset;
  if (choices.includes(value as T)) return value as T;
  const list = choices.map((choice) => `"${choice}"`).join(", ");
  throw new UsageError(`${subject}: ${name}: expected one of ${list}, got ${shown(value)}`);
}

/** Shows a value in an error. */
export function shown(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint" || value === undefined) return String(value);
  if (typeof value === "function") return "a function";
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch {
    json = undefined;
  }
  return json === undefined ? typeof value : json.length > 80 ? `${json.slice(0, 80)}...` : json;
}
