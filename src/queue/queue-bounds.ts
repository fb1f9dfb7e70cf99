import { UsageError } from "../errors.ts";

/** The names of all policies. */
export const OVERFLOWS: readonly ["block", "drop-oldest", "drop-newest", "latest"] = [
  "block",
  "drop-oldest",
  "drop-newest",
  "latest",
] as const;

/** Names what a full queue does: make the source wait, or leave something out. */
export type Overflow = (typeof OVERFLOWS)[number];

/** Says how much a queue may keep, and what happens beyond that. */
export interface QueueBounds {
  readonly overflow: Overflow;
  /** Messages that are queued or held. */
  readonly maxMessages: number;
  /** Bytes of everything that is admitted and not settled. */
  readonly maxBytes: number;
}

/** Checks bounds that came from a user, and gives them back. */
export function checkedBounds(bounds: QueueBounds): QueueBounds {
  if (!OVERFLOWS.includes(bounds.overflow)) {
    throw new UsageError(
      `queue: there is no overflow policy ${JSON.stringify(bounds.overflow)}; use one of ${OVERFLOWS.join(", ")}`,
    );
  }
  for (const name of ["maxMessages", "maxBytes"] as const) {
    const value = bounds[name];
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new UsageError(`queue: ${name} is ${String(value)}; give a whole number above 0`);
  }
  return bounds;
}
