import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { Program } from "./program.ts";
import { testIo } from "./test-io.ts";

const FROM_FILE = 'canary-file-77aa"&';
const FROM_ENV = "canary-env/5f2c b8";
const CANARY = /canary|77aa|5f2c/;

const TELLING = `
import { Publisher } from "arroyojs";

/** Tells its secrets wherever it can. */
export const telling = ({ token, key }) => (message) => {
  if (message.type !== "event") return message;
  if (message.metadata.value === 1) throw new Error("refused " + token + " " + JSON.stringify({ key }));
  return message;
};

export class Telling extends Publisher {
  constructor({ token }) {
    super();
    this.token = token;
  }
  publish(message) {
    if (message.type === "event" && message.metadata.value === 2) throw new Error("no way with " + this.token);
  }
}
`;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function project(onError: string): { readonly cwd: string; readonly from: string } {
  const cwd = mkdtempSync(join(tmpdir(), "arroyo-telling-"));
  folders.push(cwd);
  const from = `ipc://${cwd}/from`;
  writeFileSync(join(cwd, "package.json"), '{"type":"module"}');
  writeFileSync(join(cwd, "token"), FROM_FILE);
  writeFileSync(join(cwd, "telling.js"), TELLING);
  writeFileSync(
    join(cwd, "arroyo.yaml"),
    `blocks:
  - name: telling
    listeners: [{ use: zmq, options: { connect: "${from}", reconnectMaxMs: 100 } }]
    operator: { use: ./telling.js#telling, options: { token: !file token, key: "\${CANARY}" } }
    publishers:
      - { use: ./telling.js#Telling, options: { token: !file token } }
      - { use: ./telling.js#Telling, options: { token: "\${CANARY}" }, required: false }
    onError: ${onError}
`,
  );
  return { cwd, from };
}

async function send(url: string, lines: string): Promise<void> {
  const io = testIo();
  io.stdin.end(lines);
  expect(await main(["send", url, "--quiet", "--run", "scan-1"], io)).toBe(0);
}

const env = { CANARY: FROM_ENV };

test("canary - is in no line, log, account, metric or graph while blocks run", { timeout: 60_000 }, async () => {
  const { cwd, from } = project("skip");
  await using program = new Program(["run", "--interval", "0.1", "--metrics", "0", "--log", "run.jsonl"], { cwd, env });
  const [, url] = await program.out.seen(/metrics at (http:[^"]*)\/metrics/);
  await send(from, "1\n2\n3\n");
  await program.out.seen(/"kind":"account"/);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain("refused !file token");
  program.signal("SIGTERM");
  expect(await program.ended).toBe(0);
  const log = readFileSync(join(cwd, "run.jsonl"), "utf8");
  expect(log).toBe(program.out.text);
  expect(log).toContain("refused !file token");
  const said = [metrics, log, program.err.text];
  for (const words of [
    ["graph"],
    ["graph", "--mermaid"],
    ["graph", "--json"],
    ["list"],
    ["list", "--json"],
    ["validate"],
  ]) {
    const io = testIo({ cwd, env });
    await main(words, io);
    said.push(io.out.text, io.err.text);
  }
  for (const text of said) expect(text).not.toMatch(CANARY);
});

test("canary - is in no error that ends blocks, not even with --debug", { timeout: 60_000 }, async () => {
  const { cwd, from } = project("fail");
  await using program = new Program(["run", "--debug"], { cwd, env });
  await send(from, "1\n");
  expect(await program.ended).toBe(1);
  expect(program.out.text).toContain("refused !file token");
  expect(program.out.text + program.err.text).not.toMatch(CANARY);
});
