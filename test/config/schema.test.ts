import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { expect, describe as group, it } from "vitest";
import { parse } from "yaml";
import { BLOCK, jsonSchema } from "../../src/config/block-shape.ts";
import { REDUCTIONS } from "../../src/config/options/reductions.ts";
import { type BuiltIn, LISTENERS, OPERATORS, PUBLISHERS } from "../../src/config/registry.ts";
import { Block, Operator, UsageError } from "../../src/index.ts";
import * as reduction from "../../src/reduction/index.ts";

const read = (name: string): string => readFileSync(fileURLToPath(new URL(name, import.meta.url)), "utf8");
// YAML has .inf, which JSON has not.
const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false, strictNumbers: false });
const validate = ajv.compile(jsonSchema() as object);
const GOOD = [
  "chain",
  "numbers",
  "design",
  "transports",
  "reductions",
  "all-reductions",
  "arroyopy",
  "arroyopy-others",
];

group("JSON Schema", () => {
  it("good - takes the configurations of the tests", () => {
    for (const name of GOOD) {
      const yaml = parse(read(`project/${name}.yaml`));
      expect(validate(yaml), `${name}: ${JSON.stringify(validate.errors)}`).toBe(true);
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
      { blocks: [{ name: "a", listeners: [{ use: "files", options: { folder: ".", journal: true } }] }] },
      {
        blocks: [
          { name: "a", listeners: [{ use: "capture", options: { path: "a", from: { run: "x", position: 1 } } }] },
        ],
      },
      { blocks: [{ name: "a", listeners: [listener], operator: { use: "rebin", options: { rows: 2.5 } } }] },
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

  const transports = [...named("listener", LISTENERS), ...named("publisher", PUBLISHERS)].filter(
    // Its channel is made by the registry.
    ([name]) => !name.startsWith("memory"),
  );

  it.each(transports)("%s - takes the options that are described, and names no others", async (_, builtIn) => {
    await expect(optionsOf(builtIn)).resolves.toEqual(Object.keys(builtIn.options).sort());
  });

  const operators = named("operator", OPERATORS).filter(([name]) => !name.startsWith("pass-through"));

  it.each(operators)("%s - takes the options that are described, and names no others", async (_, builtIn) => {
    await expect(optionsOf(builtIn)).resolves.toEqual(Object.keys(builtIn.options).sort());
  });

  it("reductions - every operator of the room has a name", () => {
    const isOperator = (value: unknown): boolean =>
      typeof value === "function" && (value.prototype instanceof Operator || value === reduction.joinBy);
    const names = Object.entries(reduction).flatMap(([name, value]) => (isOperator(value) ? [name] : []));
    expect(
      Object.values(REDUCTIONS)
        .map((one) => one.export)
        .sort(),
    ).toEqual(names.sort());
  });
});

function named(role: string, table: Readonly<Record<string, BuiltIn<unknown>>>): [string, BuiltIn<unknown>][] {
  return Object.entries(table).map(([name, builtIn]) => [`${name} (${role})`, builtIn]);
}

/** Gives the options that the code itself knows. */
async function optionsOf({ make }: BuiltIn<unknown>): Promise<readonly string[]> {
  const error = await make({ "?": 1 }, new Map()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  const [, names = ""] = (error as Error).message.split(/there are:? /);
  return names.split(", ").sort();
}
