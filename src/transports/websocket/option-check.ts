import { UsageError } from "../../errors.ts";

/** Checks options that came from a user; each complaint begins with the class and names the option. */
export class OptionCheck {
  readonly #subject: string;
  readonly #options: Readonly<Record<string, unknown>>;

  constructor(subject: string, options: unknown, names: readonly string[]) {
    this.#subject = subject;
    if (typeof options !== "object" || options === null) {
      throw new UsageError(`${subject}: expected an object of options, got ${shown(options)}`);
    }
    this.#options = options as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(options)) {
      if (names.includes(name)) continue;
      const meant = names.find((known) => known.toLowerCase().startsWith(name.toLowerCase().slice(0, 4)));
      const remedy = meant === undefined ? `there are ${names.join(", ")}` : `did you mean "${meant}"?`;
      throw new UsageError(`${subject}: there is no option "${name}"; ${remedy}`);
    }
  }

  /** Gives a whole number of a range, or the default where the option is absent. */
  whole(name: string, other: number, lowest: number, highest: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#options[name];
    if (value === undefined) return other;
    if (Number.isSafeInteger(value) && (value as number) >= lowest && (value as number) <= highest) {
      return value as number;
    }
    const range = highest === Number.MAX_SAFE_INTEGER ? `from ${lowest} on` : `from ${lowest} to ${highest}`;
    throw this.fault(name, `expected a whole number ${range}`);
  }

  /** Gives a text that is not empty; undefined where the option is absent. */
  text(name: string): string | undefined {
    const value = this.#options[name];
    if (value === undefined || (typeof value === "string" && value !== "")) return value;
    throw this.fault(name, "expected a text");
  }

  /** Gives a list of texts; undefined where the option is absent. */
  texts(name: string): readonly string[] | undefined {
    const value = this.#options[name];
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((one) => typeof one === "string" && one !== "")) return value;
    throw this.fault(name, "expected a list of texts");
  }

  /** Gives one of several names, or the default where the option is absent. */
  oneOf<T extends string | boolean>(name: string, other: T, all: readonly T[]): T {
    const value = this.#options[name];
    if (value === undefined) return other;
    if (all.includes(value as T)) return value as T;
    throw this.fault(name, `expected ${all.map(shown).join(" or ")}`);
  }

  /** Makes the error for an option that cannot be meant; a secret is not repeated in it. */
  fault(name: string, expected: string): UsageError {
    const got = name === "token" ? typeof this.#options[name] : shown(this.#options[name]);
    return new UsageError(`${this.#subject}: ${name}: ${expected}, got ${got}`);
  }
}

/** Gives a value as it would stand in a program, short enough for one line. */
export function shown(value: unknown): string {
  const text = typeof value === "function" ? "a function" : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
