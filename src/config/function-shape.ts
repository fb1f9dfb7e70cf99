import { literal, type Shape } from "./shape.ts";
import { FunctionUse } from "./use.ts";
import { USE_PATTERN, usedOf } from "./used.ts";

const NAME = literal("./checks.ts#isFrame");

/** Expects a function that a file or package exports: `{ use: ./file.ts#name }`. */
export const functionShape: Shape = {
  wanted: "a function, as use: ./file.ts#name",
  schema: {
    anyOf: [
      { type: "string", pattern: USE_PATTERN },
      {
        type: "object",
        additionalProperties: false,
        required: ["use"],
        properties: { use: { type: "string", pattern: USE_PATTERN } },
      },
    ],
  },
  read(value, path, complain) {
    const used = usedOf(value, path, NAME, () => undefined, complain);
    if (used === undefined) return undefined;
    if (used.options !== undefined) {
      complain(used.at, `${path}: a function takes no options here; leave them out`);
      return undefined;
    }
    if (used.use.kind !== "built-in") return new FunctionUse(used);
    complain(used.at, `${path}: "${used.use.name}" is no function; write where it stands: use: ./file.ts#name`);
    return undefined;
  },
};
