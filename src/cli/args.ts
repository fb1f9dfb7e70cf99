import { UsageError } from "../errors.ts";

type Value = string | boolean | readonly (string | boolean)[] | undefined;

/** Bounds a number of the command line. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
}

/** Gives what stood on the command line of a command, checked against its options. */
export class Args {
  readonly positionals: readonly string[];
  readonly #values: Readonly<Record<string, Value>>;

  constructor(values: Readonly<Record<string, Value>>, positionals: readonly string[] = []) {
    this.#values = values;
    this.positionals = positionals;
  }

  /** Tells whether a boolean option is given. */
  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** Gives the value of an option, if it is there. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  /** Gives all values of an option that may be repeated. */
  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];
  }

  /** Gives the value of an option as a number within bounds, if it is there. */
  number(name: string, range: NumberRange = {}): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : numberIn(name, text, range);
  }

  /** Gives all values of an option that may be repeated, as numbers within bounds. */
  numbers(name: string, range: NumberRange = {}): readonly number[] {
    return this.list(name).map((text) => numberIn(name, text, range));
  }
}

function numberIn(name: string, text: string, range: NumberRange): number {
  const { min = -Infinity, max = Infinity, integer = false } = range;
  const value = Number(text);
  if (text.trim() !== "" && value >= min && value <= max && (!integer || Number.isInteger(value))) return value;
  throw new UsageError(`--${name}: expected ${wanted(range)}, got "${text}"`);
}

function wanted({ min, max, integer }: NumberRange): string {
  const kind = integer ? "a whole number" : "a number";
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min !== undefined) return `${kind}, ${min} or more`;
  return max === undefined ? kind : `${kind}, ${max} or less`;
}
