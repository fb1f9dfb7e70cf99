import { nativeCodec } from "../message/native/native-codec.ts";
import { insteadOf } from "../options/nearest.ts";
import { objectSchema } from "./map-shape.ts";
import { CODEC_OPTIONS, codecOptions } from "./options/codecs.ts";
import { literal, type Shape } from "./shape.ts";
import { CodecUse } from "./use.ts";
import { USE_PATTERN, usedOf } from "./used.ts";
import { nameOf } from "./value.ts";

const NAME = literal("dectris-v2");

/** Expects a codec: its name, or `{ use, options }`. */
export const codecShape: Shape = {
  wanted: "the name of a codec",
  schema: {
    anyOf: [
      { type: "string", enum: Object.keys(CODEC_OPTIONS) },
      { type: "string", pattern: USE_PATTERN },
      ...Object.entries(CODEC_OPTIONS).map(([name, fields]) => ofOne({ const: name }, objectSchema(fields))),
      ofOne({ type: "string", pattern: USE_PATTERN }, { type: "object" }),
    ],
  },
  read(value, path, complain) {
    if (value.kind === "list") {
      complain(value.at, `${path}: expected the name of a codec, got ${nameOf(value)}; write codec: native`);
      return undefined;
    }
    if (value.kind === "scalar" && value.value === nativeCodec.name) {
      complain(value.at, `${path}: "${nativeCodec.name}" is what the native codec writes; write codec: native`);
      return undefined;
    }
    const used = usedOf(value, path, NAME, codecOptions, complain);
    if (used === undefined) return undefined;
    if (used.use.kind !== "built-in" || codecOptions(used.use.name) !== undefined) return new CodecUse(used);
    const remedy = insteadOf(used.use.name, Object.keys(CODEC_OPTIONS));
    complain(used.at, `${path}: there is no codec "${used.use.name}"; ${remedy}`);
    return undefined;
  },
};

function ofOne(use: object, options: object): object {
  return { type: "object", additionalProperties: false, required: ["use"], properties: { use, options } };
}
