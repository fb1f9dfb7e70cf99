import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type AnyMessage, Block, type Event, type NdArray } from "arroyojs";
import { tiledCodec } from "arroyojs/formats/tiled";
import { WebSocketListener, type WebSocketListenerOptions } from "arroyojs/websocket";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startProxy } from "../../src/testing/brokers/proxy.ts";
import { inTime, until } from "../../src/testing/conformance/until.ts";

const PATIENCE_MS = 60_000;
/** The environment is made the first time. */
const MAKING_MS = 600_000;
const scripts = fileURLToPath(new URL("../../scripts/peers/", import.meta.url));

/** Is a real server of Tiled, and a client of it that writes. */
class Tiled {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  port = 0;
  key = "";

  constructor(python: string) {
    this.#child = spawn(python, [`${scripts}tiled_node.py`], { stdio: ["pipe", "pipe", "ignore"] });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  async open(): Promise<void> {
    const { port, key } = (await this.#line("the server")) as { port: number; key: string };
    this.port = port;
    this.key = key;
  }

  async order(what: string, order: object): Promise<void> {
    this.#child.stdin?.write(`${JSON.stringify({ do: what, ...order })}\n`);
    expect(await this.#line(what)).toEqual({ done: what });
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    await inTime(once(this.#child, "exit"), "the end of the server", PATIENCE_MS);
  }

  async #line(what: string): Promise<unknown> {
    const { value, done } = await inTime(this.#lines.next(), what, PATIENCE_MS);
    if (done === true) throw new Error(`${what}: it ended`);
    return JSON.parse(value as string) as unknown;
  }
}

let server: Tiled;

beforeAll(async () => {
  const python = execFileSync(process.execPath, [`${scripts}tiled-python.mjs`], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  server = new Tiled(python.trim());
  await server.open();
}, MAKING_MS);

afterAll(() => server.close());

function reading(
  path: string,
  { port = server.port, ...tiled }: { readonly port?: number; readonly envelope?: "json" | "msgpack" } = {},
  options: Partial<WebSocketListenerOptions<AnyMessage>> = {},
) {
  const url = `ws://127.0.0.1:${port}`;
  const seen: AnyMessage[] = [];
  const block = new Block<AnyMessage, AnyMessage>({
    name: "reader",
    listeners: [
      new WebSocketListener({ url, codec: tiledCodec, tiled: { path, apiKey: server.key, ...tiled }, ...options }),
    ],
    operator: (message) => void seen.push(message),
  });
  return { seen, block };
}

function short(messages: readonly AnyMessage[]): unknown[] {
  return messages.map((message) => {
    if (message.type === "stop") return `stop ${message.reason}`;
    return message.type === "start" ? "start" : [...((message as Event).payload as NdArray).data];
  });
}

describe("tiled 0.2.20", () => {
  test.each(["msgpack", "json"] as const)("%s - a run, from what was kept to the producer's end", async (envelope) => {
    const key = `run-${envelope}`;
    await server.order("write", { key, dtype: "uint16", values: [[1, 2, 3]] });
    const { seen, block } = reading(key, { envelope });
    await block.start();
    await until(() => seen.length === 2, "what was kept", PATIENCE_MS);
    await server.order("extend", { key, dtype: "uint16", values: [[4, 5, 6]], offset: [1, 0] });
    await until(() => seen.length === 3, "what is new", PATIENCE_MS);
    await server.order("close", { key });
    const account = await inTime(block.finished, "the end", PATIENCE_MS);
    expect(short(seen)).toEqual(["start", [1, 2, 3], [4, 5, 6], "stop completed"]);
    expect((seen[2] as Event).metadata).toMatchObject({ sequence: 2, offset: [1, 0], shape: [1, 3] });
    expect(account).toMatchObject({ received: 4, lost: 0, rejected: 0 });
  });

  test.each([
    ["<i4", [1, -2]],
    [">f8", [0.5, -3]],
    ["<f4", [0.5, -3]],
    ["|b1", [1, 0]],
    ["|u1", [7, 255]],
  ] as const)("%s - elements are those that were written", async (dtype, values) => {
    const key = `type-${dtype.slice(1)}`;
    await server.order("write", { key, dtype, values });
    const { seen, block } = reading(key);
    await block.start();
    await until(() => seen.length === 2, "the array", PATIENCE_MS);
    expect(short(seen)[1]).toEqual(values);
    await block.stop();
  });

  test("a connection that breaks - goes on behind what came, and nothing is missing", async () => {
    const key = "broken";
    await using proxy = await startProxy({ port: server.port });
    await server.order("write", { key, dtype: "uint16", values: [[1]] });
    const { seen, block } = reading(key, { port: proxy.port });
    await block.start();
    await until(() => seen.length === 2, "the first", PATIENCE_MS);
    proxy.refuse();
    for (let row = 1; row <= 3; row += 1) {
      await server.order("extend", { key, dtype: "uint16", values: [[row + 1]], offset: [row, 0] });
    }
    proxy.resume();
    await until(() => seen.length === 5, "the others", PATIENCE_MS);
    await server.order("close", { key });
    const account = await inTime(block.finished, "the end", PATIENCE_MS);
    expect(short(seen)).toEqual(["start", [1], [2], [3], [4], "stop completed"]);
    expect(account).toMatchObject({ lost: 0, rejected: 0 });
  });

  test("a stream that goes on after its end - is the next run", async () => {
    const key = "again";
    await server.order("write", { key, dtype: "uint16", values: [[1]] });
    await server.order("close", { key });
    const { seen, block } = reading(key, {}, { endOnClose: false });
    await block.start();
    await until(() => seen.length === 3, "the first run", PATIENCE_MS);
    await server.order("extend", { key, dtype: "uint16", values: [[2]], offset: [1, 0] });
    await until(() => seen.length === 5, "the second", PATIENCE_MS);
    await block.stop();
    expect(short(seen).slice(0, 5)).toEqual(["start", [1], "stop completed", "start", [2]]);
    expect(block.account).toMatchObject({ lost: 0 });
  });

  test("a container - tells of what is made in it", async () => {
    await server.order("container", { key: "scan", metadata: { start: { uid: "abc" } } });
    const { seen, block } = reading("");
    await block.start();
    const made = (): Event | undefined =>
      seen.find((message): message is Event => message.type === "event" && message.metadata["key"] === "scan");
    await until(() => made() !== undefined, "the container", PATIENCE_MS);
    expect(made()?.metadata).toMatchObject({ type: "container-child-created", metadata: { start: { uid: "abc" } } });
    await block.stop();
  });

  test("a wrong key - is refused", async () => {
    const url = `ws://127.0.0.1:${server.port}`;
    const listener = new WebSocketListener({ url, codec: tiledCodec, tiled: { path: "", apiKey: "wrong" } });
    const block = new Block<AnyMessage, AnyMessage>({ name: "reader", listeners: [listener] });
    await expect(block.start().then(() => block.finished)).rejects.toThrow(/refused with status 40[13]/);
  });
});
