import { UsageError } from "../../errors.ts";
import { checkNames, oneOf, shown, wholeNumber } from "../../options/option-check.ts";

/** Checks options that came from a user; each complaint begins with the class and names the option. */
export class OptionCheck {
  readonly #subject: string;
  readonly #options: Readonly<Record<string, unknown>>;

  constructor(subject: string, options: unknown, names: readonly string[]) {
    checkNames(subject, options, names);
    this.#subject = subject;
    this.#options = options as Readonly<Record<string, unknown>>;
  }

  /** Gives a whole number of a range, or the default where the option is absent. */
  whole(name: string, other: number, lowest: number, highest?: number): number {
    return wholeNumber(this.#subject, name, this.#options[name], other, lowest, highest);
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
    return oneOf(this.#subject, name, this.#options[name], other, all);
  }

  /** Makes the error for an option that cannot be meant; a secret is not repeated in it. */
  fault(name: string, expected: string): UsageError {
    const got = name === "token" ? typeof this.#options[name] : shown(this.#options[name]);
    return new UsageError(`${this.#subject}: ${name}: ${expected}, got ${got}`);
  }
}
