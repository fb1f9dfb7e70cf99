import { UsageError } from "../../errors.ts";

const VERSIONS = ["1.0", "2.2"] as const;

/** Names a version of the protocol. */
export type Version = (typeof VERSIONS)[number];

/** Says which array of a train is the payload, and how trains are written that were made here. */
export interface KaraboBridgeOptions {
  /** The source whose array is the payload. Default: when reading the first that has one, when writing `arroyojs`. */
  readonly source?: string;
  /** The property that is the payload. Default: when reading the first array, when writing `image.data`. */
  readonly property?: string;
  /**
   * Whether several readers share the stream, so that trains that are missing here came to another one: then nothing is
   * counted as lost. Default false.
   */
  readonly shared?: boolean;
  /** The version in which trains are written; both are read. Default: that in which a train came, otherwise `2.2`. */
  readonly version?: Version;
}

const KNOWN: readonly string[] = ["source", "property", "shared", "version"];

/** Refuses options that there are none of, or whose values cannot be. */
export function checkOptions(options: KaraboBridgeOptions): void {
  for (const key of Object.keys(options)) {
    if (!KNOWN.includes(key)) {
      throw new UsageError(`karaboBridge: there is no option "${key}"; there are ${KNOWN.join(", ")}`);
    }
  }
  const { source = "a", property = "a", shared = false, version = "2.2" } = options;
  for (const [key, value] of Object.entries({ source, property })) {
    if (typeof value !== "string" || value === "") {
      throw new UsageError(`karaboBridge: ${key}: expected a name, got ${JSON.stringify(value)}`);
    }
  }
  if (typeof shared !== "boolean") throw new UsageError("karaboBridge: shared: expected true or false");
  if (!VERSIONS.includes(version)) {
    throw new UsageError(`karaboBridge: version: expected 1.0 or 2.2, got ${JSON.stringify(version)}`);
  }
}
