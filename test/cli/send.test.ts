import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { lineReader } from "../../src/cli/sending/line-message.ts";
import type { Event } from "../../src/message/event.ts";
import type { NdArray } from "../../src/message/ndarray.ts";
import { testIo } from "./test-io.ts";

const folder = mkdtempSync(join(tmpdir(), "arroyo-send-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
/** A place of its own for each test. */
const place = (): string => {
  files += 1;
  return `ipc://${folder}/${files}`;
};

/** Sends lines and gives what `look --once --json` saw, with both exit codes. */
async function seen(lines: string, sendArgs: readonly string[], lookArgs: readonly string[] = []): Promise<unknown> {
  const url = place();
  const sender = testIo();
  sender.stdin.end(lines);
  const looker = testIo();
  const looking = main(["look", url, "--once", "--json", ...lookArgs], looker);
  expect(await main(["send", url, "--quiet", ...sendArgs], sender)).toBe(0);
  expect(sender.err.text).toBe("");
  expect(await looking).toBe(0);
  return JSON.parse(looker.out.text);
}

describe("send into look", () => {
  test("numbers - become events of a run", async () => {
    expect(await seen("1\n2\n3\n", ["--run", "scan 1"])).toMatchObject({
      format: "arroyo/1",
      certainty: "sure",
      run: "scan 1",
      lost: 0,
      message: { type: "event", run: "scan 1", metadata: { value: 1 }, payload: { bytes: 0 } },
    });
  });

  test("a format - is guessed on the other side", async () => {
    const line = '{"metadata":{"a":1},"payload":[[1,2],[3,5]]}\n';
    expect(await seen(line, ["--format", "json"])).toMatchObject({
      format: "json",
      certainty: "likely",
      message: { metadata: { a: 1 }, payload: { dtype: "float64", shape: [2, 2], mean: 2.75, max: 5 } },
    });
  });

  test("messages with their own Start - are not wrapped", async () => {
    const lines = [
      { type: "start", run: "own", data: { sample: "x" } },
      { type: "event", run: "own", metadata: { i: 0 } },
      { type: "stop", run: "own", data: {} },
    ];
    const found = await seen(`${lines.map((line) => JSON.stringify(line)).join("\n")}\n`, []);
    expect(found).toMatchObject({ run: "own", message: { run: "own", start: { sample: "x" } } });
  });

  test("--no-run - events go out alone", async () => {
    const found = (await seen('{"a":1}\n', ["--no-run"])) as { message: { run?: string } };
    expect(found.message.run).toBeUndefined();
  });

  test("files - are read one after the other, and the account says what was sent", async () => {
    const paths = ["1\n2\n", "\n3\n"].map((text, index) => {
      const path = join(folder, `lines-${index}.jsonl`);
      writeFileSync(path, text);
      return path;
    });
    const io = testIo();
    expect(await main(["send", place(), ...paths, "--no-wait", "--json"], io)).toBe(0);
    expect(JSON.parse(io.out.text)).toMatchObject({ publishedEvents: 3, published: 5, left: 0 });
  });

  test("nobody reads - a note says that it waits, and a signal ends it", async () => {
    const io = testIo();
    io.stdin.end("1\n");
    const url = place();
    const ended = main(["send", url], io);
    await io.err.seen(/waits for a subscriber/);
    expect(io.err.text).toBe(`arroyo: send: waits for a subscriber at ${url}; see it with: arroyo look ${url}\n`);
    io.stop();
    await ended;
  });

  test.each([
    ["1\n{oops\n", /^arroyo: send: standard input:2: .+; expected one JSON text on each line\n$/],
    ['["a"]\n', /^arroyo: send: standard input:1: a list of numbers expected; /],
    ['{"type":"stop"}\n', /^arroyo: send: standard input:1: run: missing; /],
  ])("a bad line - is named: %j", async (lines, message) => {
    const io = testIo();
    io.stdin.end(lines);
    expect(await main(["send", place(), "--no-wait", "--quiet"], io)).toBe(2);
    expect(io.err.text).toMatch(message);
  });

  test.each([
    [
      ["send", "localhost:5555"],
      'arroyo: send: "localhost:5555" is no address of a stream; write tcp://localhost:5555\n',
    ],
    [
      ["look", "mqtt://x"],
      'arroyo: look: "mqtt://x" is no address of a stream; write tcp://HOST:PORT, ipc:///PATH, redis://, kafka://, ' +
        "amqp://, ws:// or the path of a capture\n",
    ],
    [["look", "tcp://x:1", "--sub", "--pull"], "arroyo: look: --sub and --pull exclude each other; leave one out\n"],
    [
      ["send", "tcp://x:1", "--bind", "--connect"],
      "arroyo: send: --bind and --connect exclude each other; leave one out\n",
    ],
    [
      ["look", "tcp://x:1", "--format", "dectris-v3"],
      'arroyo: --format: there is no format "dectris-v3"; did you mean "dectris-v1"?\n',
    ],
    [["send", "ipc:///tmp/none", "/none.jsonl", "--no-wait"], /^arroyo: send: \/none\.jsonl: cannot be read: .+\n$/],
  ])("wrong use - %j", async (words, message) => {
    const io = testIo();
    expect(await main(words, io)).toBe(2);
    if (typeof message === "string") expect(io.err.text).toBe(message);
    else expect(io.err.text).toMatch(message);
  });
});

describe("look", () => {
  test("nobody answers - after the time-out it says what to check", async () => {
    const io = testIo();
    const url = place();
    expect(await main(["look", url, "--once", "--timeout", "0.2"], io)).toBe(1);
    expect(io.err.text).toMatch(/^arroyo: look: nobody answers at ipc:\S+ for 0\.2 s; /);
  });

  test("a PUSH - is not read by who only watches; with --pull it is, with a warning", async () => {
    const url = place();
    const sender = testIo();
    sender.stdin.end("1\n2\n");
    const sending = main(["send", url, "--push", "--quiet"], sender);
    const watcher = testIo();
    expect(await main(["look", url, "--once", "--timeout", "1"], watcher)).toBe(1);
    expect(watcher.err.text).toContain("is a PUSH, which gives nothing to those who only watch; --pull takes");
    const puller = testIo();
    expect(await main(["look", url, "--once", "--json", "--pull"], puller)).toBe(0);
    expect(puller.err.text).toBe("arroyo: look: --pull takes messages away from the other readers of this stream\n");
    expect(JSON.parse(puller.out.text)).toMatchObject({ message: { metadata: { value: 1 } } });
    sender.stop();
    await sending;
  });
});

describe("line reader", () => {
  test("numbers in lists - are arrays of one or two dimensions", () => {
    const read = lineReader();
    expect((read("[1,2,3]") as Event).payload).toMatchObject({ dtype: "float64", shape: [3] });
    expect(((read("[[1,2,3],[4,5,6]]") as Event).payload as NdArray).shape).toEqual([2, 3]);
    expect(() => read("[[1],[2,3]]")).toThrow("a list of numbers expected");
  });

  test("a message as look writes it - is the same again", () => {
    const text = '{"type":"event","run":"r","timeMs":5,"metadata":{"a":1},"payload":{"$array":{}}}';
    expect(() => lineReader()(text)).toThrow();
    expect(lineReader()('{"type":"event","run":"r","timeMs":5,"metadata":{"a":1}}')).toMatchObject({
      run: "r",
      metadata: { a: 1 },
      envelope: { timeMs: 5 },
    });
  });
});
