import { UsageError } from "../../errors.ts";

const COMPRESSIONS = ["none", "bslz4"] as const;

/** Says how images are written that were not read from the same format; a reader takes everything. */
export interface StinsOptions {
  /** How images are compressed. Default `none`. */
  readonly compression?: (typeof COMPRESSIONS)[number];
}

/** Completes options and refuses what is none. */
export function stinsOptions(options: StinsOptions): Required<StinsOptions> {
  for (const key of Object.keys(options)) {
    if (key !== "compression") throw new UsageError(`stins: there is no option "${key}"; there is compression`);
  }
  const { compression = "none" } = options;
  if (COMPRESSIONS.includes(compression)) return { compression };
  throw new UsageError(`stins: compression: expected none or bslz4, got ${JSON.stringify(compression)}`);
}
