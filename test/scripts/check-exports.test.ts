import { expect, test } from "vitest";
import { Repository } from "./repository.ts";

const subpath = (folder: string): { types: string; default: string } => ({
  types: `./dist/${folder}index.d.ts`,
  default: `./dist/${folder}index.js`,
});

const exportsMap = { ".": subpath(""), "./zmq": subpath("transports/zmq/"), "./formats/a": subpath("formats/a/") };
const paths = {
  arroyojs: ["./src/index.ts"],
  "arroyojs/*": ["./src/transports/*/index.ts"],
  "arroyojs/formats/*": ["./src/formats/*/index.ts"],
};
const folders = ["", "transports/zmq/", "formats/a/"];

function check(change: {
  exports?: Record<string, unknown>;
  paths?: Record<string, unknown>;
  files?: Record<string, string>;
  built?: string[];
}): { code: number | null; text: string } {
  const built = change.built ?? folders.flatMap((folder) => [`${folder}index.js`, `${folder}index.d.ts`]);
  using repository = new Repository({
    "package.json": JSON.stringify({ name: "arroyojs", exports: change.exports ?? exportsMap }),
    "tsconfig.json": JSON.stringify({ compilerOptions: { paths: change.paths ?? paths } }),
    ...Object.fromEntries(folders.map((folder) => [`src/${folder}index.ts`, ""])),
    ...Object.fromEntries(built.map((file) => [`dist/${file}`, ""])),
    ...change.files,
  });
  return repository.run("check-exports.mjs");
}

test("exports - the same diagram passes", () => {
  expect(check({})).toEqual({ code: 0, text: "3 subpaths, each with its folder, its build and its path\n" });
});

test("exports - a folder without an entry is named, with the entry that it needs", () => {
  const { code, text } = check({ files: { "src/transports/redis/index.ts": "" } });
  expect(text).toContain('exports["./redis"] must be {"types":"./dist/transports/redis/index.d.ts"');
  expect(code).toBe(1);
});

test("exports - a folder without an index.ts is no subpath", () => {
  expect(check({ files: { "src/transports/redis/client.ts": "" } }).code).toBe(0);
});

test("exports - an entry without a folder is named", () => {
  const { code, text } = check({ exports: { ...exportsMap, "./kafka": subpath("transports/kafka/") } });
  expect(text).toContain('exports["./kafka"] has no folder');
  expect(code).toBe(1);
});

test("exports - a file that was not built is named", () => {
  const { code, text } = check({ built: ["index.js", "index.d.ts", "transports/zmq/index.js"] });
  expect(text).toContain("./dist/transports/zmq/index.d.ts: exported, but was not built");
  expect(code).toBe(1);
});

test("exports - a subpath that does not lead to its source inside the repository is named", () => {
  const { "arroyojs/formats/*": _, ...fewer } = paths;
  const { code, text } = check({ paths: fewer });
  expect(text).toContain("paths must lead arroyojs/formats/a to ./src/formats/a/index.ts, not to nothing");
  expect(code).toBe(1);
});
