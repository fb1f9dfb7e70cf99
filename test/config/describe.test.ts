// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are configurations
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, describe as group, it } from "vitest";
import { type DescribeOptions, describe } from "../../src/config/describe.ts";
import { CODEC_NAMES, loadCodec } from "../../src/config/registry.ts";
import { ConfigurationError } from "../../src/errors.ts";

let folder = "";

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "arroyo-config-")));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** Describes a block that reads from this address, given as YAML. */
async function addressed(address: string, options: DescribeOptions = {}) {
  const path = write(
    "arroyo.yaml",
    `blocks: [{ name: a, listeners: [{ use: zmq, options: { connect: ${address} } }] }]`,
  );
  const configuration = await describe(path, { cwd: folder, env: {}, ...options });
  return { configuration, options: configuration.blocks[0]?.listeners[0]?.used.options ?? {} };
}

async function fault(promise: Promise<unknown>): Promise<ConfigurationError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ConfigurationError) return error;
  throw new Error(`expected a ConfigurationError, got ${String(error)}`);
}

group("variables", () => {
  it("interpolation - puts in variables, defaults and dollars", async () => {
    const env = { HOST: "beamline", EMPTY: "" };
    const cases: [string, unknown][] = [
      ['"tcp://${HOST}:1"', "tcp://beamline:1"],
      ['"tcp://${PORT:-h:1}"', "tcp://h:1"],
      ['"tcp://${EMPTY:-h}:1"', "tcp://h:1"],
      ['"a$$b$c"', "a$b$c"],
      ['"$${HOST}"', "${HOST}"],
    ];
    for (const [yaml, expected] of cases) {
      const { options } = await addressed(yaml, { env });
      expect(options["connect"], yaml).toBe(expected);
    }
  });

  it("interpolation - what is put in is not looked at again, and is never structure", async () => {
    const env = { ONE: "${TWO}", TWO: "no", MAP: "{ a: 1 }" };
    expect((await addressed("'${ONE}'", { env })).options["connect"]).toBe("${TWO}");
    expect((await addressed("'${MAP}'", { env })).options["connect"]).toBe("{ a: 1 }");
  });

  it("types - without quotes a number is one where one is expected, and text where text is", async () => {
    const yaml = (value: string) =>
      [
        "blocks:",
        "  - name: a",
        `    maxMessages: ${value}`,
        "    listeners:",
        "      - use: zmq",
        "        options:",
        "          connect: ${N}",
      ].join("\n");
    const options = { cwd: folder, env: { N: "500", WORD: "many" } };
    for (const value of ["${N}", '"${N}"', "${OTHER:-500}"]) {
      const { blocks } = await describe(write("arroyo.yaml", yaml(value)), options);
      expect(blocks[0]?.settings).toEqual({ maxMessages: 500 });
      expect(blocks[0]?.listeners[0]?.used.options).toEqual({ connect: "500" });
    }
    const error = await fault(describe(write("arroyo.yaml", yaml('"${WORD}"')), options));
    expect(error.message).toContain("expected a whole number from 1 up, got ${WORD}, whose value is not shown");
  });

  it("instance - is a variable of its own", async () => {
    const { options } = await addressed('"ipc:///tmp/${ARROYO_INSTANCE}"', { instance: "7" });
    expect(options["connect"]).toBe("ipc:///tmp/7");
  });
});

group("files for values", () => {
  it("!file - reads below the configuration's folder and the folders for secrets, without the last line end", async () => {
    write("conf/address", "tcp://one:1\n");
    const secrets = join(folder, "secrets");
    write("secrets/address", "tcp://two:1\r\n");
    expect((await addressed("!file conf/address")).options["connect"]).toBe("tcp://one:1");
    const { options } = await addressed(`!file ${secrets}/address`, { secretsFolders: [secrets] });
    expect(options["connect"]).toBe("tcp://two:1");
    write("project/x", "");
    const path = write(
      "project/arroyo.yaml",
      "blocks: [{ name: a, listeners: [{ use: zmq, options: { connect: !file address } }] }]",
    );
    const found = await describe(path, { secretsFolders: [secrets], env: {} });
    expect(found.blocks[0]?.listeners[0]?.used.options).toEqual({ connect: "tcp://two:1" });
  });

  it("!file - refuses what lies elsewhere, is too large, empty, no text or no file", async () => {
    const outside = realpathSync(mkdtempSync(join(tmpdir(), "arroyo-outside-")));
    try {
      writeFileSync(join(outside, "secret"), "CANARY-outside");
      symlinkSync(join(outside, "secret"), join(folder, "link"));
      symlinkSync(outside, join(folder, "linked"));
      write("large", "x".repeat(70_000));
      write("empty", "\n");
      write("binary", "");
      writeFileSync(join(folder, "binary"), Uint8Array.of(0xff, 0xfe, 0x80));
      mkdirSync(join(folder, "directory"));
      const refused: [string, RegExp][] = [
        ["../x", /leads elsewhere/],
        ["a/../../x", /leads elsewhere/],
        [`../${outside.split("/").at(-1)}/secret`, /leads elsewhere/],
        [`${outside}/secret`, /leads elsewhere/],
        ["/etc/passwd", /leads elsewhere/],
        ["/etc/no-such-file", /leads elsewhere/],
        ["link", /leads elsewhere/],
        ["linked/secret", /leads elsewhere/],
        ["file:///etc/passwd", /needs the path/],
        ["http://127.0.0.1/x", /needs the path/],
        ["large", /more than 65536 bytes/],
        ["empty", /is empty/],
        ["binary", /no text in UTF-8/],
        ["directory", /is no file/],
        [".", /leads elsewhere/],
        ["missing", /there is no file/],
      ];
      for (const [path, message] of refused) {
        const { message: said } = await fault(addressed(`!file "${path}"`));
        expect(said, path).toMatch(message);
        expect(said, path).toMatch(/^arroyo\.yaml:1:\d+: /);
        expect(said).not.toContain("CANARY");
      }
    } finally {
      rmSync(outside, { recursive: true });
    }
  });
});

group("use", () => {
  async function using(use: string): Promise<ConfigurationError> {
    const listener = "{ use: memory, options: { channel: a } }";
    const yaml = `blocks: [{ name: a, listeners: [${listener}], operator: { use: ${JSON.stringify(use)} } }]`;
    return await fault(describe(write("project/arroyo.yaml", yaml), { cwd: folder, env: {} }));
  }

  it("traversal - loads only what lies below the folder, and packages", async () => {
    write("outside.js", "export class A {}");
    write("project-two/a.js", "export class A {}");
    write("project/in/a.js", "export class A {}");
    write("project/data.json", "{}");
    symlinkSync(join(folder, "outside.js"), join(folder, "project/link.js"));
    symlinkSync(join(folder, "project-two"), join(folder, "project/linked"));
    const refused = [
      "../outside.js#A",
      "./../outside.js#A",
      "./in/../../outside.js#A",
      "../project-two/a.js#A",
      "./link.js#A",
      "./linked/a.js#A",
      "./in#A",
      "./data.json#A",
      "./missing.js#A",
      join(folder, "outside.js#A"),
      "~/outside.js#A",
      "file:./in/a.js#A",
      `file://${folder}/outside.js#A`,
      "data:text/javascript,export class A {}#A",
      "data:text/javascript;base64,ZXhwb3J0IGNsYXNzIEEge30=#A",
      "http://127.0.0.1/a.js#A",
      "https://example.org/a.js#A",
      "node:fs#writeFileSync",
      "fs#writeFileSync",
      "fs/promises#writeFile",
      "child_process#exec",
      "./in/a.js?x#A",
      "./in/%2e%2e/%2e%2e/outside.js#A",
      "./in\\..\\..\\outside.js#A",
      "C:\\outside.js#A",
      "..#A",
      ".#A",
      "package/../../outside.js#A",
      "@scope/../../outside.js#A",
      "./in/a.js\u0000#A",
      "./in/a.js#A.prototype",
      "./in/a.js#A#B",
      "#internal",
    ];
    for (const use of refused) {
      const { message } = await using(use);
      expect(message, use).toMatch(/^project\/arroyo\.yaml:1:\d+: blocks\[0\]\.operator(?:\.use)?: .*[;?]/);
    }
  });

  it("packages - are found as Node finds them, by their exports", async () => {
    const manifest = { name: "@beamline/tools", exports: { ".": { import: "./i.js" }, "./x/*": "./lib/*.js" } };
    write("node_modules/@beamline/tools/package.json", JSON.stringify(manifest));
    write("node_modules/@beamline/tools/i.js", "export class A {}");
    write("node_modules/@beamline/tools/lib/b.js", "export class B {}");
    write("node_modules/old/package.json", '{ "main": "./m" }');
    write("node_modules/old/m.js", "");
    const listener = "{ use: memory, options: { channel: a } }";
    for (const use of ["@beamline/tools#A", "@beamline/tools/x/b#B", "old#A", "old/m#A"]) {
      const yaml = `blocks: [{ name: a, listeners: [${listener}], operator: { use: "${use}" } }]`;
      await expect(describe(write("project/arroyo.yaml", yaml), { env: {} }), use).resolves.toBeDefined();
    }
    for (const use of ["@beamline/tools/lib/b#B", "@beamline/tools/x/c#C", "old/../old/m#A"]) {
      expect((await using(use)).message, use).toMatch(/has no "|names nothing/);
    }
  });
});

group("YAML", () => {
  it("anchors - may be repeated and merged, within bounds", async () => {
    const yaml = [
      "x-listener: &listener { use: zmq, options: { connect: 'tcp://h:1' } }",
      "x-bounds: &bounds { maxMessages: 5, overflow: latest }",
      "blocks:",
      "  - { name: a, listeners: [*listener], <<: *bounds }",
      "  - { name: b, listeners: [*listener], <<: [*bounds], overflow: block }",
    ].join("\n");
    const { blocks } = await describe(write("arroyo.yaml", yaml), { env: {} });
    expect(blocks.map(({ settings }) => settings)).toEqual([
      { maxMessages: 5, overflow: "latest" },
      { maxMessages: 5, overflow: "block" },
    ]);
  });

  it("bombs - what grows by aliases, and what is too deep or too large, is refused", async () => {
    const lines = ["x-0: &x0 [1, 2, 3, 4, 5, 6, 7, 8, 9]"];
    for (let n = 1; n < 12; n += 1) lines.push(`x-${n}: &x${n} [${`*x${n - 1}, `.repeat(9)}]`);
    const bombs = [
      [...lines, "blocks: []"].join("\n"),
      `blocks: ${"[".repeat(2000)}${"]".repeat(2000)}`,
      "x-a: &a [*a]\nblocks: []",
      `blocks: []\n${"# \n".repeat(400_000)}`,
      `blocks: [${"1, ".repeat(100_000)}]`,
      `blocks: [${"{ name: 1 }, ".repeat(4_000)}]`,
    ];
    for (const bomb of bombs) {
      const error = await fault(describe(write("arroyo.yaml", bomb), { env: {} }));
      expect(error.problems.length).toBeLessThanOrEqual(51);
    }
  });

  it("files - a folder means its arroyo.yaml; what is not there or is no text is said", async () => {
    write("arroyo.yaml", "blocks: [{ name: a, listeners: [{ use: memory, options: { channel: a } }] }]");
    expect((await describe(folder, { env: {} })).path).toBe(join(folder, "arroyo.yaml"));
    expect((await fault(describe("missing.yaml", { cwd: folder }))).message).toBe(
      "missing.yaml: there is no such file; write the path of a configuration",
    );
    mkdirSync(join(folder, "empty"));
    expect((await fault(describe("empty", { cwd: folder }))).message).toMatch(/^empty: there is no arroyo\.yaml or/);
    writeFileSync(join(folder, "bytes.yaml"), Uint8Array.of(0xff, 0x00));
    expect((await fault(describe("bytes.yaml", { cwd: folder }))).message).toMatch(/no text in UTF-8/);
  });

  it("line ends - places are the same with CRLF, and a BOM is no problem", async () => {
    const yaml = "\uFEFFblocks:\r\n  - name: a\r\n    listners: []\r\n";
    const { problems } = await fault(describe(write("arroyo.yaml", yaml), { env: {}, cwd: folder }));
    expect(problems).toMatchObject([{ file: "arroyo.yaml", line: 3, column: 5 }]);
  });
});

group("codecs", () => {
  it("names - each loads, and is the name of the codec", async () => {
    for (const name of CODEC_NAMES) {
      const codec = await loadCodec(name);
      if (name !== "native") expect(codec.name).toBe(name);
      expect(typeof codec.reader).toBe("function");
    }
    await expect(loadCodec("constructor")).rejects.toThrow("there is no codec");
  });
});
