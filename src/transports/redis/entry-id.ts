import { UsageError } from "../../errors.ts";
import { shown } from "../../options/option-check.ts";

/** Is before every entry. */
export const FIRST_ID = "0-0";

/** Tells which of two ids of entries is greater: below 0, 0 or above 0. */
export function compareIds(one: string, other: string): number {
  if (one === other) return 0;
  const [oneMs, oneNumber] = parts(one);
  const [otherMs, otherNumber] = parts(other);
  if (oneMs !== otherMs) return oneMs < otherMs ? -1 : 1;
  return oneNumber < otherNumber ? -1 : oneNumber > otherNumber ? 1 : 0;
}

/** Gives the id just before another one. */
export function idBefore(id: string): string {
  const [ms, number] = parts(id);
  if (number > 0n) return `${ms}-${number - 1n}`;
  return ms === 0n ? FIRST_ID : `${ms - 1n}-18446744073709551615`;
}

/** Refuses what is no id of an entry; `1526919030474` stands for `1526919030474-0`. */
export function checkedId(subject: string, name: string, value: unknown): string {
  if (typeof value === "string" && /^\d{1,20}(-\d{1,20})?$/.test(value))
    return value.includes("-") ? value : `${value}-0`;
  throw new UsageError(`${subject}: ${name}: expected an id such as "1526919030474-55", got ${shown(value)}`);
}

/** Milliseconds of today and small numbers fit exactly; ids that others chose may not. */
function parts(id: string): [bigint, bigint] {
  const dash = id.indexOf("-");
  return dash < 0 ? [BigInt(id), 0n] : [BigInt(id.slice(0, dash)), BigInt(id.slice(dash + 1))];
}
