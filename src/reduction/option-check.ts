import { UsageError } from "../errors.ts";

/** Refuses what is no object of options, and options that do not exist. */
export function checkOptions<T extends object>(
  subject: string,
  options: T,
  names: readonly (keyof T & string)[],
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new UsageError(`${subject}: expected an object of options, got ${shown(options)}; give { ${names[0]}: ... }`);
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name as keyof T & string)) continue;
    throw new UsageError(`${subject}: there is no option "${name}"; there are ${names.join(", ")}`);
  }
}

/** Makes the error for an option whose value means nothing. */
export function wrongOption(subject: string, option: string, expected: string, got: unknown): UsageError {
  return new UsageError(`${subject}: ${option}: expected ${expected}, got ${shown(got)}`);
}

/** Checks a whole number within bounds. */
export function wholeNumber(subject: string, option: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw wrongOption(subject, option, `a whole number from ${least} up`, value);
}

/** Checks a finite number above a bound. */
export function numberAbove(subject: string, option: string, value: unknown, bound: number): number {
  if (typeof value === "number" && Number.isFinite(value) && value > bound) return value;
  throw wrongOption(subject, option, `a number above ${bound}`, value);
}

/** Checks one of several names. */
export function oneOf<T extends string>(subject: string, option: string, value: unknown, names: readonly T[]): T {
  if (names.includes(value as T)) return value as T;
  throw wrongOption(subject, option, names.join(" or "), value);
}

/** Gives a value as it would stand in a program, short enough for one line. */
function shown(value: unknown): string {
  const whole = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  return whole.length > 60 ? `${whole.slice(0, 57)}...` : whole;
}
