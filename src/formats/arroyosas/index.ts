import { UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import { arroyosasReader } from "./arroyosas-reader.ts";
import { arroyosasWriter } from "./arroyosas-writer.ts";

/** Says for whom messages are written. */
export interface ArroyosasOptions {
  /**
   * Writes what the live view in a browser takes: Start and Stop as JSON text, events as pictures of uint8. Default
   * false: what Python receives over ZeroMQ. A reader takes both.
   */
  readonly browser?: boolean;
}

/** Makes the codec of arroyosas: one part with one MessagePack map, an image for each event. */
export function arroyosas(options: ArroyosasOptions = {}): Codec {
  for (const key of Object.keys(options)) {
    if (key !== "browser") throw new UsageError(`arroyosas: there is no option "${key}"; there is browser`);
  }
  const { browser = false } = options;
  if (typeof browser !== "boolean") throw new UsageError("arroyosas: browser: expected true or false");
  return { name: "arroyosas", withoutStart: "make", reader: arroyosasReader, writer: () => arroyosasWriter(browser) };
}

/** Reads and writes the messages of arroyosas, as Python sends and receives them. */
export const arroyosasCodec: Codec = arroyosas();
