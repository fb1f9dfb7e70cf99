import { codecShape } from "../codec-shape.ts";
import { functionShape } from "../function-shape.ts";
import { either, object } from "../map-shape.ts";
import { type Field, field, type Shape, text, whole } from "../shape.ts";

/** The option `codec`. */
export const CODEC: Field = field(codecShape, "The form of the bytes; default native");

/** The option `expect`. */
export const EXPECT: Field = field(functionShape, "A function that checks each message: { use: ./file.ts#name }");

/** The option `limits`. */
export const LIMITS: Field = field(
  object({
    maxMessageBytes: field(whole(1), "Bytes of a message"),
    maxHeaderBytes: field(whole(1), "Bytes of what stands before the payload"),
    maxFrames: field(whole(1), "Frames of a message"),
    maxDepth: field(whole(1), "Levels of what stands in a message"),
  }),
  "Bounds of a message",
);

/** The option `stream`. */
export const STREAM: Field = field(text("detector"), "The name of the stream; default the block's name");

/** Expects a text, or a function that a file exports. */
export function textOrFunction(example: string): Shape {
  return either({ scalar: text(example), map: functionShape });
}

/** The option `topic`. */
export const TOPIC: Field = field(
  textOrFunction("image"),
  "The topic of events, or a function that gives it: { use: ./file.ts#name }; default none",
);
