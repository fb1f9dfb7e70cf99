// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are configurations
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, expect, describe as group, it } from "vitest";
import { build } from "../../src/config/build.ts";
import { describe } from "../../src/config/describe.ts";
import { graphOf } from "../../src/config/graph.ts";
import { mermaid } from "../../src/config/mermaid.ts";
import { Secrets } from "../../src/config/secrets.ts";
import { ConfigurationError } from "../../src/errors.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "arroyo-secrets-")));
const FROM_ENV = "canary-env/5f2c&b8 41";
const FROM_FILE = "canary-file-77aa\ncanary-second-line";
writeFileSync(join(folder, "secret"), `${FROM_FILE}\n`);
writeFileSync(
  join(folder, "telling.mjs"),
  "export class A { constructor(o) { throw new Error(`refused ${o.password} ${JSON.stringify(o)} ${encodeURIComponent(o.password)} ${o.password.slice(0, 14)}...`); } }",
);
const CANARY = /canary|5f2c|b8 41|77aa|second-line/;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(yaml: string) {
  const path = join(folder, "arroyo.yaml");
  writeFileSync(path, yaml);
  return await describe(path, { cwd: folder, env: { CANARY: FROM_ENV } });
}

group("secrets", () => {
  it("canary - is in no message, wherever the value stands", async () => {
    const values = ['"${CANARY}"', '"tcp://${CANARY}:1"', "!file secret"];
    const places = [
      (v: string) => `blocks: [{ name: ${v}, listeners: [{ use: memory, options: { channel: a } }] }]`,
      (v: string) => `blocks: [{ name: a, description: ${v}, listeners: [] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: ${v} }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [${v}] }]`,
      (v: string) => `blocks: [{ name: a, listeners: ${v} }]`,
      (v: string) => `blocks: ${v}`,
      (v: string) => `blocks: [{ name: a, maxMessages: ${v}, listeners: [] }]`,
      (v: string) => `blocks: [{ name: a, overflow: ${v}, listeners: [] }]`,
      (v: string) => `blocks: [{ name: a, onError: ${v}, listeners: [] }]`,
      (v: string) => `blocks: [{ name: a, deadLetters: ${v}, listeners: [] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ class: ${v} }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: zmq, options: ${v} }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: zmq, options: { connect: ${v} } }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: zmq, options: { connect: [${v}] } }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: zmq, options: { connect: x, topics: ${v} } }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: zmq, options: { connect: x, codec: ${v} } }] }]`,
      (v: string) =>
        `blocks: [{ name: a, listeners: [{ use: zmq, options: { bind: "tcp://h:1", curve: { secretKey: ${v}, server: true } } }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: memory, options: { channel: ${v} } }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: ./telling.mjs#A, options: { password: ${v} } }] }]`,
      (v: string) =>
        `blocks: [{ name: a, listeners: [{ use: ./telling.mjs#A, options: { "password": ${v}, x: [${v}, { y: ${v} }] } }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: redis, options: { url: ${v} } }] }]`,
      (v: string) =>
        `blocks: [{ name: a, listeners: [{ use: redis-stream, options: { password: ${v}, stream: 1 } }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: websocket, options: { url: ${v}, token: ${v} } }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: kafka, options: { brokers: [${v}], topic: ${v} } }] }]`,
      (v: string) =>
        `blocks: [{ name: a, listeners: [{ use: kafka, options: { brokers: ["a b ${v.replaceAll(/["']|!file /g, "")}"], topic: a, groupId: ${v}, sasl: { mechanism: ${v}, password: ${v} } } }] }]`,
      (v: string) =>
        `blocks: [{ name: a, listeners: [{ use: amqp, options: { url: ${v}, password: ${v}, queue: a } }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: files, options: { folder: ${v}, journal: true } }] }]`,
      (v: string) => `blocks: [{ name: a, listeners: [{ use: capture, options: { path: ${v}, group: ${v} } }] }]`,
      (v: string) =>
        `blocks: [{ name: a, listeners: [{ use: memory, options: { channel: a } }], operator: { use: preview, options: { range: [${v}, 1] } } }]`,
      (v: string) =>
        `blocks: [{ name: a, listeners: [{ use: memory, options: { channel: a } }], operator: { use: azimuthal-integration, options: { poni: ${v}, bins: 0 } } }]`,
      (v: string) =>
        `blocks: [{ name: a, listeners: [{ class: arroyopy.redis.RedisListener, kwargs: { redis_client: ${v}, redis_channel_name: [${v}] } }] }]`,
      (v: string) =>
        `blocks: [{ name: a, listeners: [{ class: arroyopy.zmq.ZMQListener, kwargs: { address: ${v}, socket_type: ${v} } }] }]`,
    ];
    for (const place of places) {
      for (const value of values) {
        const yaml = place(value);
        const error = await read(yaml)
          .then(build)
          .then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
        expect(error, yaml).toBeInstanceOf(ConfigurationError);
        expect(inspect(error, { depth: 9 }), yaml).not.toMatch(CANARY);
        expect(JSON.stringify((error as ConfigurationError).problems), yaml).not.toMatch(CANARY);
      }
    }
  });

  it("canary - is in no graph", async () => {
    const yaml = `blocks: [{ name: a, listeners: [{ use: zmq, options: { connect: "tcp://\${CANARY}:1" } }] }]`;
    const graph = graphOf(await read(yaml));
    expect(JSON.stringify(graph) + mermaid(graph)).not.toMatch(CANARY);
    expect(JSON.stringify(graph)).toContain("tcp://${CANARY}:1");
  });

  it("redaction - covers values whole, cut off, in JSON and in addresses, and leaves others alone", () => {
    const secrets = new Secrets();
    secrets.add('pa"ss word/1', "${A}");
    secrets.add("https://beamline.example/hook", "${B}");
    secrets.add("7", "${C}");
    secrets.add("pa", "${D}");
    expect(secrets.redact('x pa"ss word/1 y')).toBe("x ${A} y");
    expect(secrets.redact(JSON.stringify({ p: 'pa"ss word/1' }))).toBe('{"p":"${A}"}');
    expect(secrets.redact("http://u:pa%22ss%20word%2F1@h")).toBe("http://u:${A}@h");
    expect(secrets.redact("see https://other.example")).toBe("see https://other.example");
    expect(secrets.redact("see https://beamline.exa...")).toBe("see ${B}...");
    expect(secrets.redactAll("7 of 17 pairs")).toBe("${C} of 17 pairs");
    expect(secrets.redact("7 of 17 pairs, pa")).toBe("7 of 17 pairs, ${D}");
    expect(inspect(secrets, { depth: 9, showHidden: true })).not.toContain("beamline");
    expect(JSON.stringify({ secrets })).not.toContain("beamline");
  });
});
