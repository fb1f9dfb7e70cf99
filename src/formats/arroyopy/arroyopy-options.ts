import { UsageError } from "../../errors.ts";

/** Says how messages are written, and where a reader looks for what messages do not have in common. */
export interface ArroyopyOptions {
  /** How arrays are written: as msgpack-numpy does, or as `{ data, dtype, shape }`. Both are read. Default msgpack-numpy. */
  readonly arrays?: "map" | "msgpack-numpy";
  /** The field of the array that is the payload: itself an array, or a map with one as `array`. Default `image`. */
  readonly field?: string;
  /** The field with the number of an event, from which losses are found. Default `frame_number`. */
  readonly sequence?: string;
}

/** What holds unless something else is given. */
export const ARROYOPY_DEFAULTS: Required<ArroyopyOptions> = Object.freeze({
  arrays: "msgpack-numpy",
  field: "image",
  sequence: "frame_number",
});

/** Completes options and refuses what is none. */
export function arroyopyOptions(options: ArroyopyOptions): Required<ArroyopyOptions> {
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(ARROYOPY_DEFAULTS, key)) {
      throw new UsageError(`arroyopy: there is no option "${key}"; there are arrays, field and sequence`);
    }
  }
  const complete = { ...ARROYOPY_DEFAULTS, ...options };
  if (complete.arrays !== "map" && complete.arrays !== "msgpack-numpy") {
    throw new UsageError(`arroyopy: arrays: expected "map" or "msgpack-numpy", got ${JSON.stringify(complete.arrays)}`);
  }
  for (const key of ["field", "sequence"] as const) {
    if (typeof complete[key] !== "string" || complete[key] === "") {
      throw new UsageError(`arroyopy: ${key}: expected the name of a field, got ${JSON.stringify(complete[key])}`);
    }
  }
  return complete;
}
