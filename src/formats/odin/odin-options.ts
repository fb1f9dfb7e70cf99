import { UsageError } from "../../errors.ts";

const COMPRESSIONS = ["none", "lz4", "bslz4"] as const;

/** Says how images are written that were not read from the same format; a reader takes everything. */
export interface OdinOptions {
  /** How images are compressed. Default `none`. */
  readonly compression?: (typeof COMPRESSIONS)[number];
}

/** Completes options and refuses what is none. */
export function odinOptions(options: OdinOptions): Required<OdinOptions> {
  for (const key of Object.keys(options)) {
    if (key !== "compression") throw new UsageError(`odin: there is no option "${key}"; there is compression`);
  }
  const { compression = "none" } = options;
  if (COMPRESSIONS.includes(compression)) return { compression };
  throw new UsageError(`odin: compression: expected none, lz4 or bslz4, got ${JSON.stringify(compression)}`);
}
