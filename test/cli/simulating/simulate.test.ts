import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { main } from "../../../src/cli/main.ts";
import type { Answer } from "../../../src/cli/simulating/ring-images.ts";
import { SYSTEMS } from "../../../src/cli/simulating/systems.ts";
import { CODEC_NAMES, loadCodec, openZmqSocket } from "../../../src/config/registry.ts";
import { DEFAULT_LIMITS } from "../../../src/message/limits.ts";
import { type TestIo, testIo } from "../test-io.ts";

interface Simulated extends AsyncDisposable {
  readonly url: string;
  readonly answer: Answer;
  readonly io: TestIo;
  readonly ended: Promise<number>;
}

/** Starts a simulation at a free port; it ends with the test. */
async function simulate(...words: readonly string[]): Promise<Simulated> {
  const io = testIo();
  const ended = main(["simulate", "--bind", "tcp://127.0.0.1:*", "--json", "--shape", "60,80", ...words], io);
  ended.catch(() => undefined);
  const [line] = await Promise.race([
    io.out.seen(/^\{.*\}$/m),
    ended.then(() => {
      throw new Error(io.err.text);
    }),
  ]);
  const { endpoints, answer } = JSON.parse(line) as { endpoints: readonly [string]; answer: Answer };
  return {
    url: endpoints[0],
    answer,
    io,
    ended,
    async [Symbol.asyncDispose]() {
      io.stop();
      await ended;
    },
  };
}

/** Reads messages at a socket of the real system's counterpart. */
async function readAll(url: string, type: "sub" | "pull", format: string, count: number) {
  const codec = await loadCodec(format, {});
  const read = codec.reader(DEFAULT_LIMITS);
  await using socket = await openZmqSocket(type, { connect: url });
  const decoded = [];
  for (let number = 0; number < count; number += 1) decoded.push(...read(await socket.receive()));
  return decoded.map(({ message }) => message);
}

const FORMATS = Object.keys(SYSTEMS);

test("simulate - there is a system for each format that has a socket", () => {
  const without = ["raw", "bluesky-kafka", "ess", "tiled"];
  expect([...FORMATS].sort()).toEqual(CODEC_NAMES.filter((name) => !without.includes(name)).sort());
});

describe("simulate - look guesses the format of", () => {
  test.each(FORMATS)("%s", async (format) => {
    await using simulation = await simulate(format, "--rate", "50", "--frames", "1000");
    const way = { push: ["--pull"], rep: ["--ask", "next"], pub: [] }[SYSTEMS[format]?.sockets[0] ?? "pub"];
    const io = testIo();
    const words = ["look", simulation.url, "--once", "--json", ...way];
    expect(await main(words, io)).toBe(0);
    const seen = JSON.parse(io.out.text) as Record<string, unknown> & {
      readonly message: { readonly payload: { readonly shape: readonly number[]; readonly max: number } };
    };
    expect(seen["format"]).toBe(format === "native" ? "arroyo/1" : format);
    expect(["sure", "likely"]).toContain(seen["certainty"]);
    expect(seen["rejected"]).toBe(0);
    // The first event of Bluesky is the descriptor of the others.
    if (format === "bluesky-zmq") return;
    expect(seen.message.payload.shape).toEqual(format === "timepix" ? [80, 60, 4] : [60, 80]);
    expect(seen.message.payload.max).toBeGreaterThan(format === "timepix" ? 0 : 100);
  });
});

describe("simulate - runs", () => {
  test("dectris-v2 - are whole, carry the answer, and end cleanly", async () => {
    await using simulation = await simulate("dectris-v2", "--rate", "1000", "--frames", "3", "--runs", "2");
    const messages = await readAll(simulation.url, "pull", "dectris-v2", 10);
    const run = ["start", "event", "event", "event", "stop"];
    expect(messages.map(({ type }) => type)).toEqual([...run, ...run]);
    expect(new Set(messages.map((message) => message.run))).toEqual(new Set(["simulated-1-1", "simulated-1-2"]));
    const [start, event] = messages;
    expect(start).toMatchObject({ data: { user_data: { answer: simulation.answer }, image_size_x: 80 } });
    expect(event).toMatchObject({ payload: { dtype: "uint32", shape: [60, 80] } });
    expect(await simulation.ended).toBe(0);
    expect(JSON.parse(simulation.io.out.lines.at(-1) as string)).toMatchObject({ left: 0, publishedEvents: 6 });
  });

  test("are the same ones for a seed", async () => {
    const seen = [];
    for (const seed of ["5", "5", "6"]) {
      await using simulation = await simulate("stins", "--rate", "1000", "--frames", "2", "--seed", seed);
      const messages = await readAll(simulation.url, "pull", "stins", 4);
      seen.push(messages.flatMap((message) => (message.type === "event" ? [message.payload] : [])));
    }
    const [one, other, third] = seen.map((payloads) => payloads.map((payload) => (payload as { data: unknown }).data));
    expect(other).toEqual(one);
    expect(third).not.toEqual(one);
  });

  test("karabo-bridge - are asked for, train by train", async () => {
    await using simulation = await simulate("karabo-bridge", "--rate", "1000", "--frames", "2");
    const read = (await loadCodec("karabo-bridge", {})).reader(DEFAULT_LIMITS);
    await using socket = await openZmqSocket("req", { connect: simulation.url });
    await socket.send("hello");
    expect(Buffer.from((await socket.receive())[0] as Uint8Array).toString()).toBe("Error: bad request hello");
    const trains = [];
    for (let train = 0; train < 2; train += 1) {
      await socket.send("next");
      trains.push(read(await socket.receive()).at(-1)?.message);
    }
    expect(trains).toMatchObject([{ payload: { shape: [60, 80] } }, { payload: { shape: [60, 80] } }]);
    expect(await simulation.ended).toBe(0);
  });

  test("karabo-bridge - is recognised by who only looks", async () => {
    await using simulation = await simulate("karabo-bridge");
    const io = testIo();
    expect(await main(["look", simulation.url, "--once", "--timeout", "0.3"], io)).toBe(1);
    expect(io.err.text).toMatch(/is a REP, which answers; --ask next asks for each message/);
  });

  test.each([
    ["push", "push_pull"],
    ["pub", "pub_sub"],
  ])("bsread over %s - a dispatcher gives the address of its channels", async (socket, streamType) => {
    const words = ["--socket", socket, "--rate", "1000", "--frames", "3", "--dispatcher", "0"];
    const simulation = simulate("bsread", ...words);
    const io = testIo();
    await using all = await simulation;
    const [, url] = await all.io.err.seen(/the dispatcher of SIM:FPICTURE, .* is at (http:\S+)/);
    const ask = async (path: string, body: object): Promise<readonly [number, string]> => {
      const response = await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) });
      return [response.status, await response.text()];
    };
    const channels = [{ name: "SIM:SUM" }];
    expect(await ask("/sf/stream", { channels, streamType })).toEqual([200, JSON.stringify({ stream: all.url })]);
    expect(await ask("/sf/stream", { channels: [{ name: "NONE" }], streamType })).toEqual([
      400,
      'there is no channel "NONE"; there are SIM:FPICTURE, SIM:SUM, SIM:CENTRE, SIM:RADII\n',
    ]);
    expect(await ask("/sf/stream", { channels, streamType: "other" })).toEqual([
      400,
      `streamType: this stream is ${streamType}\n`,
    ]);
    expect((await ask("/elsewhere", {}))[0]).toBe(404);
    expect((await ask("/stream", { channels: "x".repeat(70_000) }))[0]).toBe(413);
    const config = `
blocks:
  - name: reader
    listeners:
      - use: zmq
        options:
          socket: ${socket === "push" ? "pull" : "sub"}
          dispatcher: { url: "${url}/sf", channels: [SIM:FPICTURE, SIM:SUM] }
          codec: bsread
`;
    const folder = mkdtempSync(join(tmpdir(), "arroyo-simulate-"));
    const path = join(folder, "arroyo.yaml");
    writeFileSync(path, config);
    const run = main(["run", path, "--json"], io);
    expect(await all.ended).toBe(0);
    io.stop();
    expect(await run).toBe(0);
    rmSync(folder, { recursive: true });
    expect(io.out.text).toMatch(/"rejected":0/);
  });

  test("a bridge that nobody asks ends at once", async () => {
    const simulation = await simulate("karabo-bridge");
    simulation.io.stop();
    expect(await simulation.ended).toBeLessThanOrEqual(3);
  });

  test.each([
    ["odin", "sub", 1, 2],
    ["stins", "pull", 3, 3],
  ] as const)("%s - wait for a reader, and say so", async (format, type, wire, messages) => {
    await using simulation = await simulate(format, "--frames", "1");
    await simulation.io.err.seen(/waits for a reader at tcp:\/\/127\.0\.0\.1:\d+; see it with: arroyo look tcp/);
    expect(await readAll(simulation.url, type, format, wire)).toHaveLength(messages);
    expect(await simulation.ended).toBe(0);
  });

  test("--compression and --dtype are those of the images", async () => {
    await using simulation = await simulate("dectris-v1", "--dtype", "uint16", "--compression", "lz4", "--frames", "1");
    const [start, event] = await readAll(simulation.url, "pull", "dectris-v1", 3);
    expect(start).toMatchObject({ data: { appendix: { answer: simulation.answer } } });
    expect(event).toMatchObject({ metadata: { image: { encoding: "lz4<", type: "uint16" } } });
  });
});

describe("simulate - wrong use", () => {
  test.each([
    [["dectris-v3"], /there is no format "dectris-v3"; did you mean/],
    [["ess"], /ess has no socket, it travels over Kafka/],
    [["odin", "--shape", "5"], /--shape: expected rows and columns as 512,512/],
    [["odin", "--shape", "99999,99999"], /--shape/],
    [["odin", "--dtype", "int32"], /--dtype: odin is simulated with uint8, uint16, uint32, float32/],
    [["timepix", "--compression", "lz4"], /--compression: timepix has none/],
    [["stins", "--compression", "zip"], /stins: compression/],
    [["stins", "--socket", "pub"], /--socket: stins is not sent over pub; there are: push/],
    [["stins", "--no-wait"], /--no-wait: a push always waits/],
    [["odin", "--dispatcher", "0"], /--dispatcher: odin has none; leave it out/],
    [["odin", "--bind", "a", "--connect", "b"], /exclude each other/],
    [["odin", "--options", '{"ports": 1}'], /--options: odin has no "ports"/],
  ])("%j is refused", async (words, message) => {
    const io = testIo();
    expect(await main(["simulate", ...words], io)).toBe(2);
    expect(io.err.text).toMatch(message);
  });
});
