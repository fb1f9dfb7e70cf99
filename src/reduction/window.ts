import { UsageError } from "../errors.ts";
import type { Frame } from "./elements.ts";
import { checkOptions } from "./option-check.ts";

/** Is a part of a frame: from, inclusive, to, exclusive. */
export interface Window {
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
}

/** Checks a window that came from outside. */
export function windowOf(subject: string, window: unknown): Window {
  checkOptions(subject, window as Window, ["rows", "columns"]);
  const { rows, columns } = window as Partial<Window>;
  for (const [name, range] of Object.entries({ rows, columns })) {
    const isRange = Array.isArray(range) && range.length === 2 && range.every((one) => Number.isSafeInteger(one));
    if (
      !isRange ||
      !(((range as number[])[0] as number) >= 0) ||
      !(((range as number[])[1] as number) > ((range as number[])[0] as number))
    ) {
      throw new UsageError(
        `${subject}: ${name}: expected [from, to] of whole numbers, to above from, got ${String(range)}`,
      );
    }
  }
  return { rows, columns } as Window;
}

/** Refuses a window that leaves a frame. */
export function windowIn(subject: string, { rows, columns }: Window, frame: Pick<Frame, "rows" | "columns">): void {
  if (rows[1] <= frame.rows && columns[1] <= frame.columns) return;
  throw new UsageError(
    `${subject}: the window reaches to row ${rows[1]} and column ${columns[1]}, the frame has ${frame.rows} x ` +
      `${frame.columns}; give a window inside of it`,
  );
}
