import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { freePorts } from "../../src/testing/brokers/free-port.ts";
import { PseudoTerminal } from "./pseudo-terminal.ts";
import { testIo } from "./test-io.ts";

const cwd = mkdtempSync(join(tmpdir(), "arroyo-look-places-"));
afterAll(() => rmSync(cwd, { recursive: true }));

async function arroyo(words: readonly string[], lines = ""): Promise<{ code: number; out: string; err: string }> {
  const io = testIo({ cwd });
  io.stdin.end(lines);
  const code = await main(words, io);
  return { code, out: io.out.text, err: io.err.text };
}

test("a WebSocket - send serves it, look connects, and the token is in no line", async () => {
  const [port] = await freePorts(1);
  const url = `ws://127.0.0.1:${port}/live?token=canary`;
  const sending = arroyo(["send", url, "--run", "scan-1"], "1\n2\n");
  let looked = await arroyo(["look", url, "--once", "--json"]);
  // Until it serves nobody answers.
  while (looked.err.includes("ECONNREFUSED")) looked = await arroyo(["look", url, "--once", "--json"]);
  const sent = await sending;
  expect([sent.code, looked.code]).toEqual([0, 0]);
  expect(JSON.parse(looked.out)).toMatchObject({
    format: "arroyo/1",
    message: { run: "scan-1", metadata: { value: 1 } },
  });
  for (const { out, err } of [sent, looked]) expect(out + err).not.toContain("canary");
});

test("a capture - send writes one, look plays it, and ends with it", async () => {
  expect(await arroyo(["send", "night.acap", "--quiet", "--run", "scan-1"], "1\n2\n3\n")).toMatchObject({
    code: 0,
    err: "",
  });
  const once = await arroyo(["look", "night.acap", "--once", "--json"]);
  expect(JSON.parse(once.out)).toMatchObject({ url: "night.acap", format: "arroyo/1", message: { run: "scan-1" } });
  const whole = await arroyo(["look", "night.acap", "--json"]);
  expect(whole.code).toBe(0);
  expect(JSON.parse(whole.out.trimEnd().split("\n").at(-1) as string)).toMatchObject({
    events: 3,
    runState: "completed",
  });
});

test("a capture in a terminal - stays on the screen when it is over", { timeout: 60_000 }, async () => {
  await arroyo(["send", "short.acap", "--quiet", "--run", "scan-1"], "[1,2,3]\n");
  await using terminal = new PseudoTerminal(["look", "short.acap"], { cwd });
  await terminal.until(({ text }) => text.includes("the stream has ended; q quits"));
  expect(terminal.text).toMatch(/^run scan-1 completed · 1 run · 1 events /m);
  expect(terminal.isFullScreen).toBe(true);
  terminal.press("q");
  expect(await terminal.ended).toBe(0);
});

test("a capture in another format - is guessed, as a stream is", async () => {
  await arroyo(["send", "other.acap", "--quiet", "--format", "json", "--no-run"], '{"a":1}\n');
  const { code, out } = await arroyo(["look", "other.acap", "--once", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ format: "json", message: { metadata: { a: 1 } } });
});

test("a folder - is watched, and nothing is left in it", async () => {
  mkdirSync(join(cwd, "incoming"));
  writeFileSync(join(cwd, "incoming", "a.tif"), "bytes");
  const looked = await arroyo(["look", "./incoming", "--once", "--json"]);
  expect(JSON.parse(looked.out)).toMatchObject({ message: { metadata: { path: "a.tif" }, payload: { bytes: 5 } } });
});

test("options of ZeroMQ - are refused elsewhere", async () => {
  expect(await arroyo(["look", "night.acap", "--pull"])).toMatchObject({
    code: 2,
    err: "arroyo: look: --pull is for ZeroMQ (tcp://, ipc://); leave it out for night.acap\n",
  });
  expect((await arroyo(["send", "redis://u:canary@h/s", "--connect"])).err).toBe(
    "arroyo: send: --connect is for ZeroMQ (tcp://, ipc://); leave it out for redis://***@h/s\n",
  );
});
