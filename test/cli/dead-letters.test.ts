import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type TestIo, testIo } from "./test-io.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const PICKY = `export const picky = () => (message) => {
  if (message.type === "event" && message.metadata.value % 2 === 1) throw new Error("odd value " + message.metadata.value);
  return message;
};
`;

async function arroyo(cwd: string, ...words: readonly string[]): Promise<TestIo & { readonly code: number }> {
  const io = testIo({ cwd });
  const code = await main(words, io);
  return { ...io, code };
}

/** Makes a folder in which a block has put two of four events into its dead letters. */
async function withLetters(): Promise<{
  readonly cwd: string;
  readonly from: string;
  readonly ids: readonly string[];
}> {
  const cwd = mkdtempSync(join(tmpdir(), "arroyo-letters-"));
  folders.push(cwd);
  const from = `ipc://${cwd}/from`;
  writeFileSync(join(cwd, "package.json"), '{"type":"module"}');
  writeFileSync(join(cwd, "picky.js"), PICKY);
  writeFileSync(
    join(cwd, "arroyo.yaml"),
    `blocks:
  - name: picky
    listeners: [{ use: zmq, options: { connect: "${from}", reconnectMaxMs: 100 } }]
    operator: ./picky.js#picky
    onError: dead-letter
    deadLetters: { path: "${cwd}/dead-letters/picky" }
`,
  );
  const io = testIo({ cwd });
  const running = main(["run"], io);
  const sender = testIo();
  sender.stdin.end("1\n2\n3\n4\n");
  expect(await main(["send", from, "--quiet", "--run", "scan-7"], sender)).toBe(0);
  await io.out.seen(/"kind":"account"/);
  io.stop();
  expect(await running).toBe(0);
  const { out } = await arroyo(cwd, "dead-letters", "list", "--json");
  return { cwd, from, ids: out.lines.map((line) => (JSON.parse(line) as { id: string }).id) };
}

describe("dead-letters", () => {
  test("list - each letter with its block, step, run and reason", async () => {
    const { cwd, ids } = await withLetters();
    expect(ids).toHaveLength(2);
    const { out, code } = await arroyo(cwd, "dead-letters", "list");
    expect(code).toBe(0);
    expect(out.lines[0]).toMatch(/^id +time +block +step +run +tries +size {2}reason$/);
    expect(out.lines[1]).toMatch(
      /^\S+ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}picky {2}process {2}scan-7 +1 +\S+ k?B {2}odd value 1$/,
    );
    for (const words of [
      ["--block", "other"],
      ["--run", "scan-8"],
      ["--step", "decode"],
    ]) {
      expect((await arroyo(cwd, "dead-letters", "list", ...words)).out.text).toBe("no dead letters\n");
    }
    expect((await arroyo(cwd, "dead-letters", "list", "--config", ".", "--json")).out.lines).toHaveLength(2);
    expect((await arroyo(cwd, "dead-letters", "list", "--dir", "dead-letters", "--json")).out.lines).toHaveLength(2);
  });

  test("list - what is no letter is told, and what is not there is nothing", async () => {
    const { cwd } = await withLetters();
    writeFileSync(join(cwd, "dead-letters", "picky", "note.txt"), "hello");
    const { err } = await arroyo(cwd, "dead-letters");
    expect(err.text).toBe("arroyo: dead-letters: dead-letters/picky/note.txt: it is no dead letter\n");
    const empty = mkdtempSync(join(tmpdir(), "arroyo-letters-"));
    folders.push(empty);
    const none = await arroyo(empty, "dead-letters", "list");
    expect([none.code, none.out.text]).toEqual([0, "no dead letters: there is no folder of them\n"]);
    expect(readdirSync(empty)).toEqual([]);
  });

  test("show - the error, the message and its bytes", async () => {
    const { cwd, ids } = await withLetters();
    const id = ids[0] as string;
    const { out, code } = await arroyo(cwd, "dead-letters", "show", id, "--save", "frames");
    expect(code).toBe(0);
    expect(out.text).toMatch(new RegExp(`^letter {4}${id}\\nfolder {4}dead-letters/picky\\n`));
    expect(out.text).toContain("step      process, tried 1 time\nrun       scan-7\n");
    expect(out.text).toMatch(/Error: odd value 1\n {4}at /);
    expect(out.text).toContain("event (native)\n└ value: 1\n");
    const { out: json } = await arroyo(cwd, "dead-letters", "show", id, "--json");
    const { frames } = JSON.parse(json.text) as { frames: string[] };
    const saved = frames.map((_, index) => readFileSync(join(cwd, "frames", `${id}.${index}.bin`)).toString("base64"));
    expect(saved).toEqual(frames);
  });

  test("replay - goes to whoever reads, run by run, and only then drops what was sent", async () => {
    const { cwd, from } = await withLetters();
    const io = testIo({ cwd });
    writeFileSync(join(cwd, "picky.js"), PICKY.replace("=== 1", "=== 7"));
    const url = `ipc://${cwd}/again`;
    const yaml = readFileSync(join(cwd, "arroyo.yaml"), "utf8").replace(from, url).replace("./picky.js", "./mild.js");
    writeFileSync(join(cwd, "mild.js"), PICKY.replace("% 2 === 1", "< 0"));
    writeFileSync(join(cwd, "again.yaml"), yaml);
    const running = main(["run", "again.yaml"], io);
    const replayed = await arroyo(cwd, "dead-letters", "replay", "--all", "--to", url);
    expect([replayed.code, replayed.out.text, replayed.err.text]).toEqual([0, "2 letters replayed\n", ""]);
    const [line] = await io.out.seen(/.*"kind":"account".*\n/);
    expect(JSON.parse(line)).toMatchObject({
      run: "scan-7",
      account: { received: 4, events: 2, finished: 4, dead: 0 },
    });
    expect((await arroyo(cwd, "dead-letters", "list", "--json")).out.lines).toHaveLength(2);
    const dropped = await arroyo(cwd, "dead-letters", "replay", "--run", "scan-7", "--to", url, "--drop");
    expect(dropped.out.text).toBe("2 letters replayed\n");
    expect((await arroyo(cwd, "dead-letters", "list")).out.text).toBe("no dead letters\n");
    io.stop();
    expect(await running).toBe(0);
  });

  test("replay - nobody reads, and a signal ends it: nothing is dropped", async () => {
    const { cwd } = await withLetters();
    const io = testIo({ cwd });
    const replaying = main(["dead-letters", "replay", "--all", "--to", `ipc://${cwd}/nobody`, "--drop"], io);
    setImmediate(() => io.stop());
    expect(await replaying).toBe(3);
    expect(io.out.text).toBe("0 letters replayed, 2 not\n");
    expect((await arroyo(cwd, "dead-letters", "list", "--json")).out.lines).toHaveLength(2);
  });

  test("drop - takes out what is meant, and nothing else", async () => {
    const { cwd, ids } = await withLetters();
    expect((await arroyo(cwd, "dead-letters", "drop", ids[0] as string)).out.text).toBe("1 letter dropped\n");
    expect((await arroyo(cwd, "dead-letters", "drop", "--run", "other")).out.text).toBe("0 letters dropped\n");
    const { out } = await arroyo(cwd, "dead-letters", "list", "--json");
    expect(out.lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual([ids[1]]);
  });

  test.each([
    [["drop"], "dead-letters: which letters to drop? Write their ids, --all, --block, --run or --step"],
    [["replay", "--all"], "dead-letters: replay needs --to URL, where readers get the letters"],
    [["show"], "dead-letters: show needs an id; see arroyo dead-letters list"],
    [["show", "../x"], 'dead-letters: there is no letter "../x"; see arroyo dead-letters list'],
    [["lst"], 'dead-letters: there is no "lst"; did you mean "list"?'],
    [["list", "--dir", "none"], "--dir none: there is no such folder"],
  ])("wrong use - %j", async (words, message) => {
    const cwd = mkdtempSync(join(tmpdir(), "arroyo-letters-"));
    folders.push(cwd);
    mkdirSync(join(cwd, "dead-letters"));
    const { code, err } = await arroyo(cwd, "dead-letters", ...words);
    expect(code).toBe(2);
    expect(err.text).toContain(message);
  });
});
