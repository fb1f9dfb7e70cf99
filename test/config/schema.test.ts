import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { expect, describe as group, it } from "vitest";
import { parse } from "yaml";
import { BLOCK, jsonSchema } from "../../src/config/block-shape.ts";
import { type BuiltIn, LISTENERS, PUBLISHERS } from "../../src/config/registry.ts";
import { Block, UsageError } from "../../src/index.ts";

const read = (name: string): string => readFileSync(fileURLToPath(new URL(name, import.meta.url)), "utf8");
const validate = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(
  jsonSchema() as object,
);

group("JSON Schema", () => {
  it("good - takes the configurations of the tests", () => {
    for (const name of ["project/chain.yaml", "project/numbers.yaml"]) {
      expect(validate(parse(read(name))), `${name}: ${JSON.stringify(validate.errors)}`).toBe(true);
    }
  });

  it("bad - refuses what an editor can know to be wrong", () => {
    const listener = { use: "zmq", options: { connect: "tcp://h:1" } };
    const bad = [
      {},
      { blocks: [] },
      { blocks: [{ name: "a" }] },
      { blocks: [{ name: "a", listeners: [listener], maxMesages: 5 }] },
      { blocks: [{ name: "a", listeners: [listener], maxMessages: 0 }] },
      { blocks: [{ name: "a", listeners: [listener], overflow: "sometimes" }] },
      { blocks: [{ name: "a", listeners: [{ use: "zmq", options: { conect: "x" } }] }] },
      { blocks: [{ name: "a", listeners: [{ use: "zqm" }] }] },
      { blocks: [{ name: "a", listeners: [{ use: "zmq", options: { connect: "x", codec: "dectris-v3" } }] }] },
    ];
    for (const one of bad) expect(validate(one), JSON.stringify(one)).toBe(false);
  });
});

group("one source", () => {
  it("blocks - every option of the class Block has its key, and no other", () => {
    let message = "";
    try {
      new Block({ name: "a", listeners: [], nothing: 1 } as never);
    } catch (error) {
      message = (error as Error).message;
    }
    const known = message.slice(message.indexOf("there are: ") + 11).split(", ");
    expect(Object.keys(BLOCK).sort()).toEqual(known.sort());
  });

  it("zmq - the listener and the publisher take the options that are described, and name no others", async () => {
    const both: readonly (BuiltIn<unknown> | undefined)[] = [LISTENERS["zmq"], PUBLISHERS["zmq"]];
    for (const { options = {}, make } of both.filter((one) => one !== undefined)) {
      const error = await make({ connect: "tcp://h:1", "?": 1 }, new Map()).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UsageError);
      const known = (error as Error).message.split("there are ")[1]?.split(", ") ?? [];
      expect(Object.keys(options).sort()).toEqual(known.sort());
    }
  });
});
