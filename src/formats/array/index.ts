import { UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import { arrayReader } from "./array-reader.ts";
import { arrayWriter } from "./array-writer.ts";

/** Says how a stream of arrays is read. */
export interface ArrayOptions {
  /**
   * Whether several readers share the stream, so that frames that are missing here came to another one: then nothing is
   * counted as lost. Default false.
   */
  readonly shared?: boolean;
}

/** Makes the codec of `array-1.0`: a header in JSON and the bytes of an array. */
export function array10(options: ArrayOptions = {}): Codec {
  for (const key of Object.keys(options)) {
    if (key !== "shared") throw new UsageError(`array10: there is no option "${key}"; there is shared`);
  }
  const { shared = false } = options;
  if (typeof shared !== "boolean") throw new UsageError("array10: shared: expected true or false");
  return {
    name: "array-1.0",
    withoutStart: "make",
    reader: (limits) => arrayReader(limits, shared),
    writer: arrayWriter,
  };
}

/** Reads and writes `array-1.0`. */
export const array10Codec: Codec = array10();
