import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { PseudoTerminal } from "./pseudo-terminal.ts";
import { type TestIo, testIo } from "./test-io.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Makes a folder with a configuration: one block between two streams. */
function configured(operator = ""): { readonly cwd: string; readonly from: string; readonly to: string } {
  const cwd = mkdtempSync(join(tmpdir(), "arroyo-run-"));
  folders.push(cwd);
  const [from, to] = [`ipc://${cwd}/from`, `ipc://${cwd}/to`];
  writeFileSync(
    join(cwd, "arroyo.yaml"),
    `blocks:
  - name: pass
    listeners: [{ use: zmq, options: { connect: "${from}", reconnectMaxMs: 100 } }]
    ${operator}
    publishers: [{ use: zmq, options: { bind: "${to}" } }]
`,
  );
  return { cwd, from, to };
}

async function send(url: string, lines: string, ...args: readonly string[]): Promise<void> {
  const io = testIo();
  io.stdin.end(lines);
  expect(await main(["send", url, "--quiet", ...args], io)).toBe(0);
}

function records(io: TestIo): readonly Record<string, unknown>[] {
  return io.out.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("run", () => {
  test("JSON lines - runs, numbers and accounts; a signal drains and the exit code is 0", async () => {
    const { cwd, from } = configured();
    const io = testIo({ cwd });
    const running = main(["run", "--interval", "0.1", "--log", "run.jsonl"], io);
    await send(from, "1\n2\n3\n", "--run", "scan-1");
    await io.out.seen(/"kind":"account"/);
    await io.out.seen(/"kind":"stats".*"finished":5/);
    io.stop();
    expect(await running).toBe(0);
    const all = records(io);
    const kinds = all.map(({ kind }) => kind);
    for (const kind of ["state", "run-opened", "run-ended", "stats", "account", "signal"])
      expect(kinds).toContain(kind);
    const [ofRun, ofBlock] = all.filter(({ kind }) => kind === "account");
    expect(ofRun).toMatchObject({
      block: "pass",
      run: "scan-1",
      account: { events: 3, published: 5, left: 0, lost: 0 },
    });
    expect(ofBlock).toMatchObject({ block: "pass", account: { block: "pass", received: 5, left: 0 } });
    expect(readFileSync(join(cwd, "run.jsonl"), "utf8")).toBe(io.out.text);
    expect(io.err.text).toBe("");
  });

  test("a block fails - the exit code is 1 and the reason is said", async () => {
    const { cwd, from } = configured("operator: { use: ./broken.js#broken }");
    writeFileSync(join(cwd, "package.json"), '{"type":"module"}');
    writeFileSync(
      join(cwd, "broken.js"),
      'export const broken = () => (message) => { if (message.type === "event") throw new Error("no beam"); return message; };\n',
    );
    const io = testIo({ cwd });
    const running = main(["run"], io);
    const sender = testIo();
    sender.stdin.end("1\n");
    const sending = main(["send", from, "--quiet"], sender);
    expect(await running).toBe(1);
    await sending;
    const failed = records(io).find(({ kind }) => kind === "failed");
    expect(failed).toMatchObject({ level: "error", block: "pass", message: "pass: process failed: no beam" });
  });

  test("wrong configuration - the exit code is 2, and the place is said", async () => {
    const { cwd } = configured("opperator: {}");
    const io = testIo({ cwd });
    expect(await main(["run"], io)).toBe(2);
    expect(io.err.text).toMatch(/^arroyo: .*arroyo\.yaml:4:5/);
    expect(io.err.text).toContain('did you mean "operator"?');
  });

  test.each([
    [["run", "--block", "pas"], 'did you mean "pass"?'],
    [
      ["run", "--metrics", "here"],
      'arroyo: --metrics: "here" is no address; write HOST:PORT, such as 127.0.0.1:9464\n',
    ],
    [["run", "--log-level", "warning"], 'arroyo: run: --log-level: there is no "warning"; did you mean "warn"?\n'],
    [["run", "--log", "/none/run.jsonl"], "arroyo: --log /none/run.jsonl: cannot be written: "],
    [["run", "none.yaml"], "none.yaml"],
  ])("wrong use - %j", async (words, message) => {
    const io = testIo({ cwd: configured().cwd });
    expect(await main(words, io)).toBe(2);
    expect(io.err.text).toContain(message);
  });

  test("metrics - are served while it runs", async () => {
    const { cwd, from } = configured();
    const io = testIo({ cwd });
    const running = main(["run", "--metrics", "0"], io);
    const [, url] = await io.out.seen(/metrics at (http:[^"]*)\/metrics/);
    await send(from, "1\n2\n");
    await io.out.seen(/"kind":"account"/);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('arroyo_events_received_total{block="pass"} 2');
    expect(await (await fetch(`${url}/livez`)).text()).toBe("ok\n");
    io.stop();
    expect(await running).toBe(0);
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  });

  test("a terminal - shows a table, the account of the run, and Ctrl-C drains", { timeout: 60_000 }, async () => {
    const { cwd, from } = configured();
    await using terminal = new PseudoTerminal(["run"], { cwd, columns: 120 });
    await send(from, "1\n2\n3\n", "--run", "scan-1");
    await terminal.until(({ text }) => /^scan-1 \(completed\) +5 +5 /m.test(text) && /^pass +\S+ +3 /m.test(text));
    terminal.press("\u0003");
    expect(await terminal.ended).toBe(0);
    expect(terminal.text).toContain("SIGINT: stopping: closing; once more to leave at once");
    expect(terminal.text).toMatch(/^all +5 +5 /m);
  });
});
