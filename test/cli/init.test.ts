import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
// @ts-expect-error -- a script without types
import { copyKernels } from "../../scripts/kernels.mjs";
import { main } from "../../src/cli/main.ts";
import { BEGINNINGS } from "../../src/cli/starting/beginnings.ts";
import { freePorts } from "../../src/testing/brokers/free-port.ts";
import { Program } from "./program.ts";
import { Captured, testIo } from "./test-io.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function emptyFolder(): string {
  const cwd = mkdtempSync(join(tmpdir(), "arroyo-init-"));
  folders.push(cwd);
  return cwd;
}

/** What npm and vitest tell their children is not what a user's shell has. */
function shellEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle|command)|VITEST|TSX_|NODE_(ENV|OPTIONS|PATH))/.test(name),
  );
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((one) => !one.startsWith(root));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

function run(cwd: string, command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env: shellEnv(), encoding: "utf8" });
  expect(status, `${command} ${args.join(" ")}:\n${stdout}${stderr}`).toBe(0);
  return `${stdout}${stderr}`;
}

/** Builds and packs the package in a folder of its own: other tests use the one that is built. */
function packed(): string {
  const folder = emptyFolder();
  const dist = join(folder, "package", "dist");
  // Types are checked elsewhere.
  const words = ["-p", "tsconfig.build.json", "--outDir", dist, "--noEmitOnError", "false", "--declaration", "true"];
  spawnSync(join(root, "node_modules", ".bin", "tsc"), words, { cwd: root });
  copyKernels(dist);
  for (const name of ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "GLOSSARY.md"]) {
    cpSync(join(root, name), join(folder, "package", name));
  }
  run(join(folder, "package"), "npm", "pack", "--ignore-scripts", "--pack-destination", folder);
  return join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) as string);
}

async function freeAddresses(): Promise<readonly [string, string]> {
  const [first, second] = await freePorts(2);
  return [`tcp://127.0.0.1:${first}`, `tcp://127.0.0.1:${second}`];
}

describe("the packed package", () => {
  test("an empty folder - init, npm install, npm test, run", { timeout: 300_000 }, async () => {
    const cwd = join(emptyFolder(), "My Project");
    mkdirSync(cwd);
    run(cwd, "npm", "install", packed(), "--prefer-offline", "--no-audit", "--no-fund");
    expect(run(cwd, "npx", "--no-install", "arroyojs", "init")).toContain("npx arroyo run");
    run(cwd, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund");
    expect(run(cwd, "npm", "test")).toMatch(/# pass 1\n/);
    run(cwd, "npm", "run", "types");
    expect(run(cwd, "npx", "--no-install", "arroyo", "validate")).toContain(
      "arroyo.yaml: good, 2 blocks: detector, sum-of-counts\n",
    );

    for (const { name } of BEGINNINGS.slice(1)) {
      run(cwd, "npx", "--no-install", "arroyo", "init", name, "--from", name);
      run(join(cwd, name), join(cwd, "node_modules", ".bin", "tsc"));
    }

    const [DETECTOR, RESULTS] = await freeAddresses();
    const bin = join(cwd, "node_modules", ".bin", "arroyo");
    const out = new Captured();
    const child = spawn(bin, ["run", "--interval", "0.2"], {
      cwd,
      env: { ...shellEnv(), DETECTOR, RESULTS },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "close");
    try {
      child.stdout.pipe(out);
      await out.seen(/"block":"sum-of-counts".*"kind":"stats".*"published":[1-9]/);
      const looked = run(cwd, bin, "look", RESULTS, "--once", "--json");
      expect(JSON.parse(looked)).toMatchObject({ format: "arroyo/1" });
      expect(looked).toMatch(/"counts":\d{5,}/);
    } finally {
      child.kill("SIGTERM");
    }
    expect(await ended).toEqual([0, null]);
    expect(out.text).not.toContain('"level":"error"');
  });
});

describe("init", () => {
  test.each(BEGINNINGS.map(({ name }) => name))(
    "%s - is good, its types and its test too",
    { timeout: 60_000 },
    async (name) => {
      const cwd = emptyFolder();
      const io = testIo({ cwd });
      expect(await main(["init", "there", "--from", name], io)).toBe(0);
      expect(io.out.text).toContain("  cd there\n  npm install\n  npm test\n  npx arroyo run\n");
      const project = join(cwd, "there");
      await using program = new Program(["validate"], { cwd: project });
      expect(await program.ended, program.err.text).toBe(0);
      const tests = spawnSync(
        process.execPath,
        ["--import", import.meta.resolve("tsx"), "--test", `test/${name}.test.ts`],
        {
          cwd: project,
          env: { ...shellEnv(), TSX_TSCONFIG_PATH: join(root, "tsconfig.json") },
          encoding: "utf8",
        },
      );
      expect(tests.stdout + tests.stderr).toMatch(/# fail 0\n/);
      expect(tests.status).toBe(0);
      const text = readFileSync(join(project, "package.json"), "utf8");
      expect(JSON.parse(text)).toMatchObject({ name: "there", type: "module", private: true });
    },
  );

  test("a package.json that is there - keeps what it says and gets what is missing", async () => {
    const cwd = emptyFolder();
    const before = {
      name: "mine",
      scripts: { test: 'echo "Error: no test specified" && exit 1', types: "own" },
      devDependencies: { typescript: "~5.9.1" },
    };
    writeFileSync(join(cwd, "package.json"), JSON.stringify(before));
    expect(await main(["init", "--quiet"], testIo({ cwd }))).toBe(0);
    const after = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8")) as Record<string, Record<string, string>>;
    expect(after).toMatchObject({ name: "mine", type: "module" });
    expect(after["scripts"]).toEqual({
      start: "arroyo run",
      test: "node --import tsx --test test/sum-of-counts.test.ts",
      types: "own",
    });
    expect(after["devDependencies"]).toMatchObject({ typescript: "~5.9.1", "@types/node": expect.any(String) });
    expect(Object.keys(after["dependencies"] ?? {})).toEqual(["arroyojs", "tsx"]);
    expect(after["version"]).toBeUndefined();
  });

  test.each([
    ["README.md", "x", [], "init: README.md is there already; take an empty folder"],
    ["package.json", "{", [], "init: package.json is no JSON: "],
    ["package.json", "[]", [], "init: package.json holds no object"],
    ["package.json", '{"type":"commonjs"}', [], 'write "type": "module", or take an empty folder'],
    ["other", "", ["--from", "batch"], '--from: there is no "batch"; did you mean "batching"?'],
  ])("wrong use - %s %s", async (name, text, words, message) => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, name), text);
    const io = testIo({ cwd });
    expect(await main(["init", ...words], io)).toBe(2);
    expect(io.err.text).toContain(message);
    expect(readdirSync(cwd)).toEqual([name]);
    expect(readFileSync(join(cwd, name), "utf8")).toBe(text);
  });
});
