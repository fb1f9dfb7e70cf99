import { UsageError } from "../../errors.ts";

const COMPRESSIONS = ["none", "lz4", "bslz4"] as const;

/** Says how messages are written that were not read from the same format; a reader takes everything. */
export interface DectrisOptions {
  /** How arrays of events are compressed. Default `bslz4`, which is what detectors do. */
  readonly compression?: (typeof COMPRESSIONS)[number];
  /**
   * Whether several readers share the stream, so that numbers that are missing here came to another one: then nothing is
   * counted as lost. Default false: every number that is missing is a loss.
   */
  readonly shared?: boolean;
}

/** Says how messages of version 1 are written. */
export interface DectrisV1Options extends DectrisOptions {
  /** What is sent as the appendix of a header or image that has none of its own: any JSON, or a text. Default: nothing. */
  readonly appendix?: unknown;
}

/** What holds unless something else is given. */
export const DECTRIS_DEFAULTS: Required<DectrisOptions> = Object.freeze({ compression: "bslz4", shared: false });

/** Completes options and refuses what is none. */
export function dectrisOptions<T extends DectrisOptions>(
  name: string,
  options: T,
  others: readonly string[] = [],
): T & Required<DectrisOptions> {
  const known = [...Object.keys(DECTRIS_DEFAULTS), ...others];
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new UsageError(`${name}: there is no option "${key}"; there are ${known.join(", ")}`);
    }
  }
  const complete = { ...DECTRIS_DEFAULTS, ...options };
  if (!COMPRESSIONS.includes(complete.compression)) {
    throw new UsageError(
      `${name}: compression: expected ${COMPRESSIONS.join(", ")}, got ${JSON.stringify(complete.compression)}`,
    );
  }
  if (typeof complete.shared !== "boolean") throw new UsageError(`${name}: shared: expected true or false`);
  return complete;
}
