import { UsageError } from "../../errors.ts";

const COMPRESSIONS = ["none", "lz4", "bitshuffle_lz4"] as const;

/** Says how messages are understood, and how those are written that were made here. */
export interface BsreadOptions {
  /** The channel whose array is the payload. Default: when reading the first array, when writing `image`. */
  readonly channel?: string;
  /**
   * By how much `pulse_id` grows from message to message. Default: it is found out, and until then nothing is counted as
   * lost.
   */
  readonly pulseStep?: number;
  /**
   * Whether several readers share the stream, so that pulses that are missing here came to another one: then nothing is
   * counted as lost. Default false.
   */
  readonly shared?: boolean;
  /** How channels are compressed that were made here. Default `none`. */
  readonly compression?: (typeof COMPRESSIONS)[number];
  /** Gives the time, in ms since 1970 UTC, for messages that have none. Default `Date.now`. */
  readonly now?: () => number;
}

/** Refuses options that there are none of, or whose values cannot be. */
export function checkOptions(options: BsreadOptions): void {
  for (const key of Object.keys(options)) {
    if (!["channel", "pulseStep", "shared", "compression", "now"].includes(key)) {
      throw new UsageError(
        `bsread: there is no option "${key}"; there are channel, pulseStep, shared, compression, now`,
      );
    }
  }
  const { channel = "image", pulseStep = 1, shared = false, compression = "none", now = Date.now } = options;
  if (typeof channel !== "string" || channel === "") throw new UsageError("bsread: channel: expected a name");
  if (!Number.isSafeInteger(pulseStep) || pulseStep < 1) {
    throw new UsageError(`bsread: pulseStep: expected a whole number from 1, got ${JSON.stringify(pulseStep)}`);
  }
  if (!COMPRESSIONS.includes(compression)) {
    const given = JSON.stringify(compression);
    throw new UsageError(`bsread: compression: expected ${COMPRESSIONS.join(", ")}, got ${given}`);
  }
  if (typeof shared !== "boolean") throw new UsageError("bsread: shared: expected true or false");
  if (typeof now !== "function") throw new UsageError("bsread: now: expected a function");
}
