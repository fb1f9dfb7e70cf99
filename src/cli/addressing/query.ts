import type { UsageError } from "../../errors.ts";
import { insteadOf } from "../../options/nearest.ts";

/** Reads what stands behind the question mark of an address. */
export class Query {
  readonly #values: URLSearchParams;
  readonly #fault: (what: string) => UsageError;

  /** Refuses what is not among `names`. */
  constructor(text: string, names: readonly string[], fault: (what: string) => UsageError) {
    this.#values = new URLSearchParams(text);
    this.#fault = fault;
    for (const name of this.#values.keys()) {
      if (!names.includes(name))
        throw fault(`there is no "${name}" behind the question mark; ${insteadOf(name, names)}`);
    }
  }

  /** Gives a value; undefined where it is absent. */
  text(name: string): string | undefined {
    const all = this.#values.getAll(name);
    if (all.length > 1) throw this.#fault(`"${name}" stands there twice; leave one out`);
    const [value] = all;
    if (value === "") throw this.#fault(`"${name}" has no value; write ${name}=VALUE, or leave it out`);
    return value;
  }

  /** Gives all values of a name. */
  list(name: string): readonly string[] {
    return this.#values.getAll(name).filter((value) => value !== "");
  }

  /** Gives one of some values. */
  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined || values.includes(value as T)) return value as T | undefined;
    throw this.#fault(`${name}: there is no "${value}"; ${insteadOf(value, values)}`);
  }

  /** Tells whether something is asked for. */
  flag(name: string): boolean {
    return this.oneOf(name, ["true", "false"]) === "true";
  }
}
