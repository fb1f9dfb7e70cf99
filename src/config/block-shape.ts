import { componentListShape, operatorShape } from "./component-shape.ts";
import { object, objectSchema } from "./map-shape.ts";
import {
  choice,
  type Fields,
  field,
  flag,
  type JsonSchema,
  literal,
  positive,
  required,
  type Shape,
  text,
  whole,
} from "./shape.ts";

const THEN = choice("fail", "skip", "dead-letter");

const onErrorMap = object({
  retries: field(whole(0), "How many further tries there are; default 0"),
  // biome-ignore lint/suspicious/noThenProperty: this is its name
  then: required(THEN, "What happens after the last of them"),
});

const onError: Shape = {
  wanted: "fail, skip or dead-letter, or a map with retries and then",
  schema: { anyOf: [THEN.schema, onErrorMap.schema] },
  read: (value, path, complain) => (value.kind === "map" ? onErrorMap : THEN).read(value, path, complain),
};

const deadLetters = object({
  path: required(text("./dead-letters/reduce"), "The folder, seen from where the program runs"),
  maxBytes: field(whole(1), "How much it may hold"),
});

/** What may stand in a block: the options of the class `Block`, under the same names. */
export const BLOCK: Fields = {
  name: required(literal("reduce"), "The name of the block, once in a configuration"),
  description: field(literal("Reduces images to curves"), "What the block is for"),
  listeners: required(componentListShape("listener"), "Where messages come from"),
  operator: field(
    operatorShape,
    "What works on them; left out, everything passes through. A list: one after the other",
  ),
  publishers: field(componentListShape("publisher"), "Where results go"),
  guarantee: field(choice("at-least-once", "at-most-once"), "A promise that is checked at the start"),
  recover: field(choice("message", "run"), "What is given again after a crash; default message"),
  concurrency: field(whole(1), "How many calls of process may run at once; default 1"),
  unordered: field(flag(), "Lets results out as they are done; default false"),
  processTimeoutMs: field(positive(), "How long a call of process may take; default without limit"),
  onError: field(onError, "What happens to a message that cannot be worked on; default fail"),
  deadLetters: field(deadLetters, "Where dead letters go; default ./dead-letters/NAME"),
  drainMs: field(whole(0), "How long stopping may take; default 25000"),
  startWaitMs: field(positive(), "How long events wait for the Start of their run; default 1000"),
  abandonAfterMs: field(positive(), "How long a source with signs of life may be silent; default 10000"),
  maxOpenRuns: field(whole(1), "How many runs may be open; default 64"),
  withoutStart: field(choice("drop", "make"), "What happens to events whose Start did not come"),
  overflow: field(choice("block", "drop-oldest", "drop-newest", "latest"), "What a full queue does; default block"),
  maxMessages: field(whole(1), "How many messages may wait in the queue; default 10000"),
  maxBytes: field(whole(1), "How many bytes they may have; default 256 MB"),
};

/** Gives the JSON Schema of a configuration, for editors. */
export function jsonSchema(): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A configuration of arroyojs",
    type: "object",
    required: ["blocks"],
    additionalProperties: false,
    patternProperties: { "^x-": { description: "Yours: a place for anchors, which nothing else reads" } },
    properties: {
      blocks: {
        type: "array",
        minItems: 1,
        items: objectSchema(BLOCK),
        description: "The blocks, one after the other",
      },
    },
  };
}
