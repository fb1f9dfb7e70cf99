import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { FOLDERS, MADE, madeOf, pathsOf } from "../decoding/vector-folders.ts";
import { testIo } from "../test-io.ts";

const root = mkdtempSync(join(tmpdir(), "arroyo-encode-"));
afterAll(() => rmSync(root, { recursive: true }));

interface Told {
  readonly metadata: Record<string, Record<string, unknown>>;
  readonly [key: string]: unknown;
}

async function arroyo(words: readonly string[], input = ""): Promise<{ code: number; lines: string[]; err: string }> {
  const io = testIo({ cwd: root });
  io.stdin.end(input);
  const code = await main(words, io);
  return { code, lines: io.out.lines, err: io.err.text };
}

const good = (format: string): readonly string[] =>
  pathsOf(format).filter((path) => !path.includes("/bad-") && !path.includes("-bad-"));

/** What names the bytes on the wire, and not what they stand for: these are made anew. */
const ANEW: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  bsread: [["header", "hash"]],
  "dectris-v1": [
    ["header", "hash"],
    ["image", "encoding"],
    ["image", "size"],
  ],
  odin: [
    ["header", "dsize"],
    ["header", "compression"],
    ["header", "shape"],
  ],
  stins: [["header", "compression"]],
};

function comparable(format: string, line: string): Told {
  const told = JSON.parse(line) as Told;
  for (const [part, key] of ANEW[format] ?? []) delete told.metadata[part]?.[key];
  return told;
}

/** Frames of another kind than those of the start before them cannot follow it. */
const TURNS: Readonly<Record<string, (paths: readonly string[]) => readonly string[]>> = {
  arroyoxps: (paths) => paths.filter((path) => !path.includes("11-event")),
  // JSON and MessagePack are not mixed in one stream.
  "bluesky-zmq": (paths) => paths.filter((path) => path.includes("msgpack")),
  // Blocks of another size than the default one are not written.
  bslz4: (paths) => paths.filter((path) => !path.includes("block-64")),
};

describe("encode - what decode prints", () => {
  test.each(FOLDERS)("%s - is written, and read the same again", async (format) => {
    const paths = TURNS[format]?.(good(format)) ?? good(format);
    const first = await arroyo(["decode", format, "--data", ...paths]);
    expect(first.code).toBe(0);
    const folder = join(root, format);
    const written = await arroyo(["encode", format, "--out", folder], first.lines.join("\n"));
    expect(written).toEqual({ code: 0, lines: [], err: "" });
    const files = readdirSync(folder).sort();
    const again = await arroyo(["decode", format, "--data", ...files.map((name) => join(folder, name))]);
    expect(again.lines.map((line) => comparable(format, line))).toEqual(
      first.lines.map((line) => comparable(format, line)),
    );
  });

  test.each(MADE)("%s - random messages, too", async (format) => {
    const before = join(root, `${format}-made`);
    mkdirSync(before);
    const paths = madeOf(format).map((line, index) => {
      const path = join(before, `${String(index).padStart(2, "0")}.json`);
      writeFileSync(path, line);
      return path;
    });
    const first = await arroyo(["decode", format, "--data", ...paths]);
    const folder = join(root, `${format}-again`);
    const written = await arroyo(["encode", format, "--out", folder], first.lines.join("\n"));
    expect(written).toEqual({ code: 0, lines: [], err: "" });
    const files = readdirSync(folder).sort();
    const again = await arroyo(["decode", format, "--data", ...files.map((name) => join(folder, name))]);
    expect(again.lines.map((line) => comparable(format, line))).toEqual(
      first.lines.map((line) => comparable(format, line)),
    );
  });

  test("bluesky-zmq - documents of JSON, too", async () => {
    const paths = good("bluesky-zmq").filter((path) => path.includes("-json-"));
    const first = await arroyo(["decode", "bluesky-zmq", "--data", ...paths]);
    const options = ["--options", '{"serializer":"json"}', "--out", join(root, "json")];
    await arroyo(["encode", "bluesky-zmq", ...options], first.lines.join("\n"));
    const files = readdirSync(join(root, "json")).sort();
    const again = await arroyo(["decode", "bluesky-zmq", "--data", ...files.map((name) => join(root, "json", name))]);
    expect(again.lines).toEqual(first.lines);
  });

  test("an image goes from one format into another", async () => {
    const path = good("stins").find((one) => one.includes("image-none-uint16")) as string;
    const { lines } = await arroyo(["decode", "stins", "--data", path]);
    const { lines: made } = await arroyo(["encode", "odin"], lines[0]);
    const back = join(root, "stins-odin");
    await arroyo(["encode", "odin", "--out", back], lines[0]);
    const { lines: read } = await arroyo(["decode", "odin", join(back, "0001-event.json")]);
    const sums = [lines, read].map(([line]) => JSON.parse(line as string).arrays.data.sha256 as string);
    expect(sums[0]).toBe(sums[1]);
    expect(JSON.parse(made[0] as string)).toMatchObject({ format: "odin", name: "0001-event" });
  });
});

describe("encode - lines by hand", () => {
  test("what send takes is taken", async () => {
    const { lines } = await arroyo(["encode", "dectris-v2"], '{"metadata":{"n":1},"payload":[[1,2],[3,4]],"run":"r"}');
    expect(JSON.parse(lines[0] as string)).toMatchObject({ format: "dectris-v2" });
  });

  test("--raw writes the bytes alone", async () => {
    const folder = join(root, "raw");
    const line = '{"kind":"event","metadata":{},"arrays":{"data":{"dtype":"uint16","shape":[2],"first":[1,258]}}}';
    await arroyo(["encode", "array-1.0", "--raw", "--out", folder], line);
    expect(readdirSync(folder).sort()).toEqual(["0001-event.0.bin", "0001-event.1.bin"]);
    expect([...readFileSync(join(folder, "0001-event.1.bin"))]).toEqual([1, 0, 2, 1]);
    const { lines } = await arroyo(["encode", "stins", "--raw"], '{"kind":"stop","metadata":{}}');
    expect(lines[0]).toMatch(/"htype":"series_end"/);
  });

  test.each([
    ["{", /^arroyo: encode: standard input:1: not JSON/],
    ['{"kind":"event","metadata":{"a":{"$array":"x"}}}', /:1: arrays\["x"\]: missing/],
    ['{"kind":"event","metadata":{},"arrays":{"data":{"dtype":"u","shape":[1]}}}', /arrays\["data"\]\.dtype/],
    ['{"kind":"event","metadata":{},"arrays":{"data":{"dtype":"uint8","shape":[-1]}}}', /arrays\["data"\]\.shape/],
    [
      '{"kind":"event","metadata":{},"arrays":{"data":{"dtype":"uint8","shape":[3],"data":"AQ=="}}}',
      /takes 3 bytes, not 1/,
    ],
    ['{"kind":"event","metadata":{},"arrays":{"data":{"dtype":"uint8","shape":[9],"first":[1]}}}', /decode --data/],
  ])("%s - is refused where it stands", async (line, message) => {
    const { code, err } = await arroyo(["encode", "odin"], line);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test("nothing is written over", async () => {
    const folder = join(root, "twice");
    const line = '{"kind":"stop","metadata":{}}';
    expect((await arroyo(["encode", "stins", "--out", folder], line)).code).toBe(0);
    const again = await arroyo(["encode", "stins", "--out", folder], line);
    expect(again.code).toBe(2);
    expect(again.err).toMatch(/choose an empty folder with --out/);
  });

  test("a format that there is not is refused", async () => {
    expect((await arroyo(["encode", "stims"])).err).toMatch(/did you mean "stins"\?/);
  });
});
