import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { loadCodec } from "../../../src/config/registry.ts";
import type { Codec } from "../../../src/message/codec.ts";
import { Event } from "../../../src/message/event.ts";
import { jsonCodec } from "../../../src/message/json-codec.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { rawCodec } from "../../../src/message/raw-codec.ts";
import { CapturePublisher } from "../../../src/transports/files/index.ts";
import { testIo } from "../test-io.ts";
import { FOLDERS, MADE, madeOf, pathsOf } from "./vector-folders.ts";

const folder = mkdtempSync(join(tmpdir(), "arroyo-decode-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Told = Readonly<Record<string, unknown>>;

async function decode(...words: readonly string[]): Promise<{ code: number; told: Told[]; err: string; out: string }> {
  const io = testIo({ cwd: folder });
  const code = await main(["decode", ...words], io);
  return { code, told: io.out.lines.map((line) => JSON.parse(line) as Told), err: io.err.text, out: io.out.text };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function vector(name: string): Record<string, unknown> {
  const path = FOLDERS.flatMap(pathsOf).find((one) => one.endsWith(`/${name}.json`)) ?? "";
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("decode - every vector", () => {
  test("there are folders of all formats", () => {
    expect(FOLDERS).toHaveLength(16);
    expect(FOLDERS.flatMap(pathsOf)).toHaveLength(420);
  });

  test.each(FOLDERS)("%s - is told as it is expected, field by field", async (format) => {
    const paths = pathsOf(format);
    const { code, told, err, out } = await decode(format, ...paths);
    expect(code).toBe(1);
    expect(err).toBe("");
    expect(out.endsWith("\n")).toBe(true);
    expect(told).toHaveLength(paths.length);
    for (const [index, path] of paths.entries()) {
      const { expect: expected, optional } = JSON.parse(readFileSync(path, "utf8")) as {
        readonly expect: Told;
        readonly optional?: boolean;
      };
      const got = told[index] as Told;
      if (expected["rejected"] === true) {
        expect(Object.keys(got), path).toEqual(["rejected", "reason"]);
        expect(got, path).toEqual({ rejected: true, reason: expect.stringMatching(/.{8}/) });
      } else if (optional === true && got["rejected"] === true) expect(got["reason"], path).toMatch(/Zstandard/);
      else expect(got, path).toEqual(expected);
    }
  });

  test.each(MADE)("%s - random messages of other packages, too", async (format) => {
    const lines = madeOf(format);
    const paths = lines.map((line, index) => file(`made-${index}.json`, line));
    const { code, told } = await decode(format, ...paths);
    expect(told).toEqual(lines.map((line) => (JSON.parse(line) as { expect: Told }).expect));
    expect(code).toBe(0);
  });

  test("good files alone end with 0", async () => {
    const paths = pathsOf("stins").filter((path) => !path.includes("bad-"));
    expect((await decode("stins", ...paths)).code).toBe(0);
  });

  test("what is expected is never read", async () => {
    const honest = vector("01-header");
    const path = file("expectations.json", JSON.stringify({ ...honest, expect: { kind: "event", run: "lie" } }));
    const { told } = await decode("stins", path);
    expect(told[0]).toEqual(honest["expect"]);
  });

  test("the order of the files is that of the lines, and each is alone", async () => {
    const paths = pathsOf("arroyoxps").filter((path) => !path.includes("bad-"));
    const forward = await decode("arroyoxps", ...paths);
    const backward = await decode("arroyoxps", ...[...paths].reverse());
    expect(backward.told).toEqual([...forward.told].reverse());
  });
});

describe("decode - files", () => {
  const HEADER = JSON.stringify({ htype: "series_end", msg_number: 3 });

  test("the bytes of a message of one frame are read as they are", async () => {
    const { code, told } = await decode("stins", file("raw.bin", HEADER));
    expect(code).toBe(0);
    expect(told[0]).toMatchObject({ kind: "stop", sequence: 3, run: null });
  });

  test("a container as Python writes it is one, whatever is expected of it", async () => {
    const frames = JSON.stringify([base64(HEADER)]);
    const path = file("python.json", `\ufeff {"expect": {"first": [NaN, -Infinity]}, "frames": ${frames}}\n`);
    expect((await decode("stins", path)).told[0]).toMatchObject({ kind: "stop", sequence: 3 });
  });

  test("each file gets its line, whatever it is", async () => {
    mkdirSync(join(folder, "folder"));
    const huge = file("huge.bin", "");
    truncateSync(huge, 600_000_000);
    const files = [
      "none.json",
      "folder",
      file("empty", ""),
      huge,
      file("text", "hello"),
      file("half.json", '{"format": "stins", "frames": ["'),
      file("frames.json", '{"frames": [1]}'),
      file("no-frames.json", '{"frames": []}'),
      file("odd.json", '{"frames": ["abc"]}'),
      file("name.json", '{"frames": [], "framing": 3}'),
      file("framing.json", `{"frames": ["${base64(HEADER)}"], "framing": "letters"}`),
      file("good.json", `{"frames": ["${base64(HEADER)}"]}`),
    ];
    const { code, told, err } = await decode("stins", ...files);
    expect(code).toBe(1);
    expect(err).toBe("");
    expect(told.map(({ reason, kind }) => reason ?? kind)).toEqual([
      expect.stringMatching(/^none\.json: cannot be read: ENOENT/),
      "folder: is a folder; name the files in it",
      expect.stringMatching(/^header: not JSON .*no container/),
      expect.stringMatching(/^huge\.bin: has 600000000 bytes, at most \d+ are read$/),
      expect.stringMatching(/^header: not JSON .*no container/),
      expect.stringMatching(/^header: not JSON .*no container/),
      "frames[0]: expected base64",
      "the message has no frames",
      "frames[0]: expected base64",
      "framing: expected a text",
      'framing: "letters" is not known; there are messages and multipart',
      "stop",
    ]);
  });

  test("what after names is read first, and must be there", async () => {
    const event = vector("03-event-u8-1");
    const lost = file("lost.json", JSON.stringify({ ...event, after: "nobody" }));
    const endless = file("endless.json", JSON.stringify({ ...event, name: "endless", after: "endless" }));
    const { told } = await decode("arroyoxps", lost, endless);
    expect(told[0]).toEqual({
      rejected: true,
      reason: 'after: there is no message "nobody" in the folder of the file',
    });
    expect(told[1]?.["reason"]).toMatch(/^after: more than 64 messages/);
  });

  test("the header of an event without its frame is no message", async () => {
    const event = vector("02-event-u8-0");
    const [header] = event["frames"] as readonly string[];
    const path = file("only-header.json", JSON.stringify({ ...event, after: undefined, frames: [header] }));
    const { told } = await decode("arroyoxps", path);
    expect(told[0]).toEqual({ rejected: true, reason: "frame: missing behind the header of an event" });
  });

  test("a browser's text is no message of bytes, and the other way round", async () => {
    const [picture, point] = [vector("10-websocket-viz"), vector("11-websocket-latent")];
    const { told } = await decode(
      "arroyosas",
      file("picture.json", JSON.stringify({ ...picture, transport: "websocket text" })),
      file("point.json", JSON.stringify({ ...point, transport: "websocket binary" })),
      file("other.json", JSON.stringify({ ...point, transport: "pigeon" })),
    );
    expect(told.map(({ reason }) => reason)).toEqual([
      "transport: a websocket text message is expected to hold a JSON text",
      "transport: a websocket binary message is expected to hold MessagePack",
      'transport: "pigeon" is not known',
    ]);
  });

  test("a bare blob needs what whoever compressed it knows", async () => {
    const blob = vector("03-hdf5-uint32-5");
    const [bytes] = blob["frames"] as readonly [string];
    const path = file("blob.bin", Buffer.from(bytes, "base64"));
    const alone = await decode("bslz4", path);
    expect(alone.told[0]?.["reason"]).toMatch(/^params: missing/);
    const known = await decode("bslz4", path, "--params", JSON.stringify(blob["params"]));
    expect(known.told[0]).toEqual(blob["expect"]);
    const wrong = await decode("bslz4", path, "--params", '{"elemSize":4,"rawBytes":20,"dtype":"uint32","shape":[6]}');
    expect(wrong.told[0]?.["reason"]).toBe("params.shape: [6] of uint32 does not take 20 bytes");
  });

  test("a bare blob of bitshuffle and Zstandard is decoded by every Node", async () => {
    // Written by HDF5 with hdf5plugin 7.1.0.
    const blob = "AAAAAAAAAEYAACAAAAAAKCi1L/0gQP0AAMiqqqqqZhmmeR6HYRhUKrVSmEwGg+BwOBwAAQApwRgYAB8AJgA=";
    const path = file("blob.zst", Buffer.from(blob, "base64"));
    const params = { elemSize: 2, rawBytes: 70, dtype: "uint16", shape: [5, 7] };
    const { code, told } = await decode("bszstd", path, "--params", JSON.stringify(params));
    expect(code).toBe(0);
    expect(told[0]).toMatchObject({
      metadata: { elemSize: 2, rawBytes: 70, header: "hdf5", blockElements: 4096 },
      arrays: {
        data: {
          dtype: "uint16",
          shape: [5, 7],
          sha256: "98f17b037882f7bfd070ef45ca1917fa229a386511adbfdc7661cc0363b0e11c",
          first: [0, 7, 14, 21, 28, 35, 42, 49],
        },
      },
    });
  });

  test("--options are those of the codec", async () => {
    const json = vector("01-json-start-0");
    const [bytes] = json["frames"] as readonly [string];
    const path = file("bluesky.bin", Buffer.from(bytes, "base64"));
    expect((await decode("bluesky-zmq", path)).code).toBe(1);
    expect((await decode("bluesky-zmq", path, "--options", '{"serializer":"json"}')).told[0]).toEqual(json["expect"]);
  });

  test("--data prints the bytes, too", async () => {
    const path = pathsOf("odin")[0] as string;
    const { told } = await decode("odin", path, "--data");
    const { data } = (told[0] as Told)["arrays"] as { data: { data: string } };
    expect(Buffer.from(data.data, "base64")).toHaveLength(20 * 36);
  });

  test("other codecs are told with what they know", async () => {
    const path = file(
      "m.json",
      '{"type":"event","run":"r","metadata":{"n":1},"payload":{"dtype":"uint8","shape":[2],"data":"AQI="}}',
    );
    const { told } = await decode("json", path);
    expect(told[0]).toMatchObject({ kind: "event", run: "r", metadata: { n: 1 }, arrays: { data: { first: [1, 2] } } });
  });
});

describe("decode - captures", () => {
  const START = '{"type":"start","run":"r","data":{}}';
  const EVENT = '{"type":"event","run":"r","metadata":{"n":1},"payload":{"dtype":"uint8","shape":[2],"data":"AQI="}}';

  /** Records frames as they are. */
  async function capture(name: string, codec: Codec, messages: readonly (readonly Uint8Array[])[]): Promise<string> {
    const path = join(folder, name);
    const recorded = { ...codec, writer: () => rawCodec.writer() };
    const publisher = new CapturePublisher<AnyMessage>({ path, codec: recorded });
    await publisher.open(new AbortController().signal);
    for (const frames of messages) {
      const metadata = frames.length === 1 ? {} : { frames: frames.slice(0, -1) };
      await publisher.publish(new Event(metadata, frames.at(-1) as Uint8Array));
    }
    await publisher.close();
    return path;
  }

  test("of several messages are one line, or one for each", async () => {
    const frames = [START, EVENT, "{"].map((text) => [Buffer.from(text)]);
    const path = await capture("several.acap", jsonCodec, frames);
    const { code, told } = await decode("json", path);
    expect(code).toBe(1);
    expect(told).toEqual([
      {
        messages: [
          expect.objectContaining({ kind: "start", run: "r" }),
          expect.objectContaining({ kind: "event", metadata: { n: 1 } }),
          { rejected: true, reason: "not JSON" },
        ],
      },
    ]);
    const each = await decode("json", "--each", path);
    expect(each.told).toEqual(told[0]?.["messages"]);
  });

  test("of one message are told as any file, of many frames too", async () => {
    const image = vector("03-image-none-float32");
    const frames = (image["frames"] as readonly string[]).map((text) => Buffer.from(text, "base64"));
    const path = await capture("one.acap", await loadCodec("stins"), [frames]);
    const { code, told } = await decode("stins", path);
    expect(told).toEqual([image["expect"]]);
    expect(code).toBe(0);
  });

  test("in another format, or damaged, are refused on one line", async () => {
    const path = await capture("json.acap", jsonCodec, [[Buffer.from(START)]]);
    const other = await decode("stins", path);
    expect(other.told).toEqual([{ rejected: true, reason: expect.stringMatching(/was recorded as json/) }]);
    expect(other.code).toBe(1);
    const cut = file("cut.acap", readFileSync(path).subarray(0, 40));
    const { told, code } = await decode("json", cut);
    expect(told).toHaveLength(1);
    expect([0, 1]).toContain(code);
  });
});

describe("decode - wrong use", () => {
  test("a format that there is not is said on each line, and to a person", async () => {
    const { code, told, err } = await decode("dectris-v3", "a", "b");
    expect(code).toBe(2);
    expect(told).toHaveLength(2);
    expect(told[0]).toEqual({ rejected: true, reason: expect.stringMatching(/there is no format "dectris-v3"/) });
    expect(err).toMatch(/^arroyo: decode: there is no format "dectris-v3"; did you mean "dectris-v[12]"\?\n$/);
  });

  test("options that are none are refused", async () => {
    expect((await decode("stins", "a", "--options", "{")).err).toMatch(/--options: is no JSON/);
    expect((await decode("stins", "a", "--options", "[]")).err).toMatch(/--options: expected an object/);
    expect((await decode("odin", "a", "--options", '{"compresion": 1}')).err).toMatch(/did you mean "compression"\?/);
    expect((await decode("stins")).err).toMatch(/FILE is missing/);
  });
});
