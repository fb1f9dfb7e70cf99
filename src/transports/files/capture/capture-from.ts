import { UsageError } from "../../../errors.ts";
import { shown } from "../../../options/option-check.ts";

/**
 * Says where a replay begins: at the first message, behind the last one, at a position (messages are counted from 0 over
 * all segments), at the Start of a run, or at the first message recorded at a time or later.
 */
export type CaptureFrom =
  | "oldest"
  | "newest"
  | { readonly position: number }
  | { readonly run: string }
  /** Milliseconds since 1970 UTC, or a date. */
  | { readonly time: number | Date };

/** Refuses what is no place. */
export function checkedFrom(subject: string, from: unknown): CaptureFrom | "committed" {
  if (from === "committed" || from === "oldest" || from === "newest") return from;
  if (typeof from === "object" && from !== null && Object.keys(from).length === 1) {
    const { position, run, time } = from as { position?: unknown; run?: unknown; time?: unknown };
    if (typeof position === "number" && Number.isSafeInteger(position) && position >= 0) return { position };
    if (typeof run === "string" && run !== "") return { run };
    const timeMs = time instanceof Date ? time.getTime() : time;
    if (typeof timeMs === "number" && Number.isFinite(timeMs)) return { time: timeMs };
  }
  throw new UsageError(
    `${subject}: from: expected "committed", "oldest", "newest", { position }, { run } or { time }, got ${shown(from)}`,
  );
}
