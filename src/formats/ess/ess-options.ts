import { UsageError } from "../../errors.ts";

/** Says how messages are understood that the schemas leave open, and how those are written that were made here. */
export interface EssOptions {
  /**
   * In which order the dimensions of images (`ad00`) stand: `slowest-first`, as Python writes them (default), or
   * `fastest-first`, as some producers of EPICS do.
   */
  readonly dimensions?: "slowest-first" | "fastest-first";
  /** The `source_name` of events that were made here. Default `arroyojs`. */
  readonly sourceName?: string;
  /** Gives the time, in ms since 1970 UTC, for messages that have none. Default `Date.now`. */
  readonly now?: () => number;
}

/** Completes options and refuses what is none. */
export function essOptions(options: EssOptions): Required<EssOptions> {
  for (const key of Object.keys(options)) {
    if (!["dimensions", "sourceName", "now"].includes(key)) {
      throw new UsageError(`ess: there is no option "${key}"; there are dimensions, sourceName, now`);
    }
  }
  const { dimensions = "slowest-first", sourceName = "arroyojs", now = Date.now } = options;
  if (dimensions !== "slowest-first" && dimensions !== "fastest-first") {
    const given = JSON.stringify(dimensions);
    throw new UsageError(`ess: dimensions: expected slowest-first or fastest-first, got ${given}`);
  }
  if (typeof sourceName !== "string") throw new UsageError("ess: sourceName: expected text");
  if (typeof now !== "function") throw new UsageError("ess: now: expected a function");
  return { dimensions, sourceName, now };
}
