import { UsageError } from "../../errors.ts";

/** Refuses options that do not exist, with the name that was probably meant. */
export function checkNames(subject: string, options: object, names: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const meant = names.find((known) => isNear(name.toLowerCase(), known.toLowerCase()));
    const remedy = meant === undefined ? `there are ${names.join(", ")}` : `did you mean "${meant}"?`;
    throw new UsageError(`${subject}: there is no option "${name}"; ${remedy}`);
  }
}

/** Gives a whole number from `lowest` on, or the default where the option is absent. */
export function wholeNumber(subject: string, name: string, value: unknown, other: number, lowest: number): number {
  if (value === undefined) return other;
  if (Number.isSafeInteger(value) && (value as number) >= lowest) return value as number;
  throw new UsageError(`${subject}: ${name}: expected a whole number from ${lowest} on, got ${shown(value)}`);
}

/** Gives one of several names, or the default where the option is absent. */
export function oneOf<T extends string | boolean>(
  subject: string,
  name: string,
  value: unknown,
  other: T,
  all: readonly T[],
): T {
  if (value === undefined) return other;
  if (all.includes(value as T)) return value as T;
  throw new UsageError(`${subject}: ${name}: expected ${all.map(shown).join(" or ")}, got ${shown(value)}`);
}

/** Gives a value as it would stand in a program, short enough for one line. */
export function shown(value: unknown): string {
  const text = typeof value === "function" ? "a function" : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Tells whether two names differ by at most two letters, or one begins with the other. */
function isNear(name: string, known: string): boolean {
  if (name.length > 2 && (known.startsWith(name) || name.startsWith(known))) return true;
  if (Math.abs(name.length - known.length) > 2) return false;
  let row = Array.from({ length: known.length + 1 }, (_, column) => column);
  for (let i = 1; i <= name.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= known.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (name[i - 1] === known[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return (row[known.length] ?? 0) <= 2;
}
