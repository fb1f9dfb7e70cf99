import { type Codec, jsonCodec, nativeCodec, rawCodec } from "arroyojs";
import { arroyosasCodec } from "arroyojs/formats/arroyosas";

/** The codecs that hostile messages are read with. */
export const CODECS: Readonly<Record<string, Codec>> = {
  native: nativeCodec,
  json: jsonCodec,
  raw: rawCodec,
  arroyosas: arroyosasCodec,
};

/** The first number in the payload of a message that is meant well; the second is its own. */
export const GOOD = 0xc0de;
