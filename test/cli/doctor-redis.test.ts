import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type Broker, startProxy, startRedis } from "../../src/testing/index.ts";
import { lookedAt, sent } from "./looking/sent-and-looked.ts";
import { PseudoTerminal } from "./pseudo-terminal.ts";
import { testIo } from "./test-io.ts";

const PASSWORD = "canary-77aa";
const cwd = mkdtempSync(join(tmpdir(), "arroyo-doctor-redis-"));
let broker: Broker;
let client: Redis;

beforeAll(async () => {
  broker = await startRedis({
    own: true,
    settings: {
      maxmemory: "100mb",
      "maxmemory-policy": "allkeys-lru",
      "client-output-buffer-limit": "pubsub 32mb 8mb 60",
      "proto-max-bulk-len": "16mb",
      user: [`reader on >${PASSWORD} ~* &* +@all -xadd`],
    },
  });
  client = new Redis(broker.url);
}, 60_000);
afterAll(async () => {
  client.disconnect();
  await broker[Symbol.asyncDispose]();
  rmSync(cwd, { recursive: true });
});

async function consulted(yaml: string, words: readonly string[] = []) {
  writeFileSync(join(cwd, "blocks.yaml"), yaml);
  const io = testIo({ cwd, env: { PASSWORD } });
  const code = await main(["doctor", "blocks.yaml", ...words], io);
  expect(io.out.text + io.err.text).not.toContain(PASSWORD);
  return { code, text: io.out.text.replaceAll(broker.url.slice("redis://".length), "HOST") };
}

const part = (use: string, options: string): string => `{ use: ${use}, options: { url: "${broker.url}", ${options} } }`;

describe("doctor", () => {
  test("limits that break promises - are named, each once, with the command that sets them", async () => {
    const { code, text } = await consulted(`blocks:
  - name: reduce
    listeners:
      - ${part("redis-stream", "stream: frames, group: workers")}
      - ${part("redis", "channels: [live]")}
    publishers:
      - ${part("redis-stream", "stream: out")}
`);
    expect(code).toBe(0);
    const bad = text.split("\n").filter((line) => line.startsWith("warning  redis"));
    expect(bad).toEqual([
      "warning  redis HOST (blocks.yaml:4:16): appendonly is no: what was confirmed is gone when the server dies; set it with: CONFIG SET appendonly yes",
      "warning  redis HOST (blocks.yaml:4:16): maxmemory-policy is allkeys-lru: when its memory is full the server may delete the whole stream; set it with: CONFIG SET maxmemory-policy noeviction",
      "warning  redis HOST (blocks.yaml:4:16): proto-max-bulk-len is 16777216 bytes: a larger message is refused, and one may have 268435456 here; where messages are so large: CONFIG SET proto-max-bulk-len 268435456",
      "warning  redis HOST frames (blocks.yaml:4:16): there is no such stream yet, and the listener would wait for it; is the name right?",
      'warning  redis HOST (blocks.yaml:5:16): client-output-buffer-limit pubsub is 33554432 8388608: a subscriber that is behind by more is cut off, and one message may have 268435456 bytes here; set it with: CONFIG SET client-output-buffer-limit "pubsub 1073741824 0 0"',
      "warning  redis HOST out (blocks.yaml:7:16): keeps up to 1.1 GB, and the server's maxmemory is 105 MB: it would be full first; set a smaller maxBytes, or raise maxmemory",
    ]);
    expect(text).toMatch(/^ok {7}redis HOST: Redis \d+\.\d+\.\d+ answers$/m);
    expect(text).toContain("ok       redis HOST: its clock is ours, within a second");
  });

  test("rights - those that are missing are named, and asking changes nothing", async () => {
    const { code, text } = await consulted(`blocks:
  - name: reduce
    listeners: [{ use: zmq, options: { bind: ipc://* } }]
    publishers: [${part("redis-stream", `stream: guarded, username: reader, password: "\${PASSWORD}"`)}]
`);
    expect(code).toBe(1);
    expect(text).toMatch(
      /^error {4}redis HOST guarded \(\S+\): the user reader may not write it: .*xadd.*; allow it: ACL SETUSER reader \+xadd/m,
    );
    expect(await client.exists("guarded")).toBe(0);
  });

  test("wrong password, another type, a reader that is behind - are told", async () => {
    await client.set("text", "no stream");
    await client.xgroup("CREATE", "behind", "workers", "$", "MKSTREAM", "ENTRIESREAD", 0);
    for (let n = 0; n < 10; n += 1) await client.xadd("behind", "MAXLEN", 3, "*", "message", String(n));
    const { code, text } = await consulted(`blocks:
  - name: reduce
    listeners:
      - ${part("redis-stream", "stream: text")}
      - ${part("redis-stream", "stream: behind, group: workers")}
      - ${part("redis-stream", `stream: any, username: reader, password: "x\${PASSWORD}"`)}
`);
    expect(code).toBe(1);
    expect(text).toContain(
      "error    redis HOST text (blocks.yaml:4:16): the key holds something else (string); use another name",
    );
    expect(text).toContain("redis HOST behind: the group workers has 0 consumers, 0 entries in work");
    expect(text).toMatch(
      /^warning {2}redis HOST behind \(\S+\): 7 entries were trimmed before the group workers read them; keep more/m,
    );
    expect(text).toMatch(
      /^error {4}redis HOST \(\S+:6:16\): does not let us: WRONGPASS .*; check username and password/m,
    );
  });

  test("a server that stands still - the deadline ends it", async () => {
    await using proxy = await startProxy({ port: broker.port });
    proxy.stall();
    const io = testIo({ cwd });
    expect(await main(["doctor", `redis://127.0.0.1:${proxy.port}/frames`, "--timeout", "0.3"], io)).toBe(1);
    expect(io.out.lines[0]).toMatch(/^error {4}redis:\/\/127\.\S+: no answer within 300 ms; /);
  });
});

describe("look and send", () => {
  test("a stream - is watched from the newest, and nothing is left behind", async () => {
    const url = `${broker.url}/watched`;
    await sent("1\n2\n", url, "--run", "scan-1");
    const looking = lookedAt(url);
    await expect.poll(async () => String(await client.client("LIST"))).toMatch(/cmd=xread\b/);
    await sent("3\n", url, "--run", "scan-2");
    expect(await looking).toMatchObject({ format: "arroyo/1", run: "scan-2", message: { metadata: { value: 3 } } });
    expect(await lookedAt(`${url}?from=oldest`)).toMatchObject({ message: { run: "scan-1", metadata: { value: 1 } } });
    expect((await client.keys("watched*")).sort()).toEqual(["watched", "watched:arroyo:runs"]);
    expect(await client.xinfo("GROUPS", "watched")).toEqual([]);
  });

  test("in a terminal - the stream is shown, without a password", { timeout: 60_000 }, async () => {
    await sent("[1,2,3]\n", `${broker.url}/screen`, "--run", "scan-1");
    const url = broker.url.replace("//", `//reader:${PASSWORD}@`);
    await using terminal = new PseudoTerminal(["look", `${url}/screen?from=oldest`]);
    await terminal.until(({ text }) => text.includes("float64 [3]"));
    expect(terminal.text).toMatch(/^redis:\/\/\*\*\*@127\.\S+ {2}arroyo\/1 \(sure\)/m);
    expect(terminal.text).toMatch(/^run scan-1 completed · 1 run · 1 events /m);
    expect(terminal.text).not.toContain(PASSWORD);
    terminal.press("q");
    expect(await terminal.ended).toBe(0);
  });

  test("a group - is only read with --take", async () => {
    const io = testIo();
    expect(await main(["look", `${broker.url}/watched?group=workers`, "--once"], io)).toBe(2);
    expect(io.err.text).toContain(
      "who reads in the group workers takes from its other consumers; give --take to do that",
    );
  });

  test("a channel - is subscribed to", async () => {
    const url = `${broker.url}?channel=live`;
    const looking = lookedAt(url);
    await sent("4\n", url);
    expect(await looking).toMatchObject({ format: "arroyo/1", message: { metadata: { value: 4 } } });
  });

  test("another format - is guessed from the bytes", async () => {
    await client.xadd("foreign", "*", "message", '{"type":"event","metadata":{"a":1}}');
    expect(await lookedAt(`${broker.url}/foreign?from=oldest`)).toMatchObject({
      format: "json",
      message: { metadata: { a: 1 } },
    });
  });

  test("record and replay - from a stream into a file, and into another stream", async () => {
    const io = testIo({ cwd });
    expect(await main(["record", `${broker.url}/watched?from=oldest`, "a.acap", "--for", "1", "--quiet"], io)).toBe(0);
    const again = testIo({ cwd });
    expect(await main(["replay", "a.acap", `${broker.url}/again`, "--speed", "max", "--quiet"], again)).toBe(0);
    expect(await lookedAt(`${broker.url}/again?from=oldest`)).toMatchObject({
      message: { run: "scan-1", metadata: { value: 1 } },
    });
  });
});
