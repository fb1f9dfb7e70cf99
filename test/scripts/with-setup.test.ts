import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Repository } from "./repository.ts";

const script = (name: string): string => readFileSync(new URL(`../../scripts/${name}`, import.meta.url), "utf8");
const lock = (packages: object): string => JSON.stringify({ packages: { "": {}, ...packages } });

const wanted = {
  "node_modules/one": { version: "1.0.0" },
  "node_modules/other-system": { version: "1.0.0", optional: true },
};

/** Runs the script in a repository of its own, with an npm that only says what it was asked for. */
function setUp(change: { engines?: string; installed?: string; npm?: string }): { code: number | null; text: string } {
  using repository = new Repository({
    "package.json": JSON.stringify({ engines: { node: change.engines ?? ">=20.19" } }),
    "package-lock.json": lock(wanted),
    "scripts/with-setup.mjs": script("with-setup.mjs"),
    "scripts/run-command.mjs": script("run-command.mjs"),
    "npm.mjs": change.npm ?? `console.log("npm", process.argv[2]);`,
    ...(change.installed === undefined ? {} : { "node_modules/.package-lock.json": change.installed }),
  });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(repository.folder, "scripts/with-setup.mjs"),
      "node",
      "-e",
      "console.log('ran', process.argv[1]); process.exitCode = 7",
      "given",
    ],
    { encoding: "utf8", env: { ...process.env, npm_execpath: join(repository.folder, "npm.mjs") } },
  );
  return { code: status, text: stdout + stderr };
}

test("setup - what is installed is left alone, and the command's exit code is kept", () => {
  expect(setUp({ installed: lock({ "node_modules/one": { version: "1.0.0" } }) })).toEqual({
    code: 7,
    text: "ran given\n",
  });
});

test.each([
  ["nothing is installed", undefined, "the dependencies are not installed"],
  ["a package is missing", lock({}), "one is not what package-lock.json says"],
  ["a package has another version", lock({ "node_modules/one": { version: "0.9.0" } }), "one is not what"],
])("setup - %s: it says so, installs and runs the command", (_name, installed, reason) => {
  const { code, text } = setUp(installed === undefined ? {} : { installed });
  expect(text).toContain(reason);
  expect(text).toMatch(/npm ci\nran given\n$/);
  expect(code).toBe(7);
});

test("setup - an installation that fails is named, and the command is not run", () => {
  const { code, text } = setUp({ npm: "process.exitCode = 3;" });
  expect(text).toContain('"npm ci" ended with 3');
  expect(text).not.toContain("ran");
  expect(code).toBe(1);
});

test("setup - an old Node is told which one is needed", () => {
  const { code, text } = setUp({ engines: ">=99.1" });
  expect(text).toContain(`this is Node ${process.versions.node}; arroyojs needs Node 99.1 or later`);
  expect(code).toBe(1);
});
