import { describe, expect, test } from "vitest";
import { guess, guessText } from "../../../src/cli/looking/guess.ts";
import { signsOf } from "../../../src/cli/looking/signs.ts";
import { formatNamed } from "../../../src/cli/parts.ts";
import { CODEC_NAMES } from "../../../src/config/registry.ts";
import { vectorsOf } from "../../formats/vectors.ts";

type Wire = readonly Uint8Array[];

/** The good messages of a format, as its vectors have them. */
function good(format: string): readonly { readonly name: string; readonly frames: Wire }[] {
  return vectorsOf(format).filter(({ expect: wanted }) => !("rejected" in wanted));
}

function hasJson(frames: Wire): boolean {
  return / \{/.test(
    Buffer.from(frames[0] as Uint8Array)
      .toString("latin1")
      .slice(0, 100),
  );
}

// Where a message has no meaning without the one before it, a vector is several of them.
const FORMATS = CODEC_NAMES.filter((name) => !["native", "json", "raw", "arroyoxps", "tiled"].includes(name));

describe("guess", () => {
  test.each(FORMATS)("%s - all its messages together are known", async (format) => {
    // A stream of Bluesky documents is serialized in one way.
    const messages = good(format)
      .map(({ frames }) => frames)
      .filter((frames) => format !== "bluesky-zmq" || !hasJson(frames));
    const { codec, certainty } = await guess(messages, formatNamed);
    expect(codec.name).toBe(format);
    expect(["sure", "likely"]).toContain(certainty);
  });

  test.each(FORMATS)("%s - no message is surely another format", (format) => {
    for (const { name, frames } of good(format)) {
      const sure = signsOf(frames).filter(({ certainty }) => certainty === "sure");
      expect(
        sure.every((sign) => sign.format === format),
        name,
      ).toBe(true);
    }
  });

  test("bluesky-zmq - documents in JSON are read as JSON", async () => {
    const messages = good("bluesky-zmq").map(({ frames }) => frames);
    const found = await guess(messages.filter(hasJson), formatNamed);
    expect(guessText(found)).toBe("bluesky-zmq (sure)");
  });

  test("tiled - is known by its schema and by its updates, in both envelopes", async () => {
    for (const { name, frames } of good("tiled-stream")) {
      const found = await guess(
        frames.map((frame) => [frame]),
        formatNamed,
      );
      expect(guessText(found), name).toBe("tiled (sure)");
    }
  });

  test("native - is known by its magic, behind a topic too", async () => {
    const { nativeCodec } = await import("../../../src/message/native/native-codec.ts");
    const { Start } = await import("../../../src/message/start.ts");
    const wires = nativeCodec.writer()(new Start({ scan: 1 }));
    const found = await guess(wires, formatNamed);
    expect(guessText(found)).toBe("arroyo/1 (sure)");
  });

  test("json - is likely", async () => {
    const { jsonCodec } = await import("../../../src/message/json-codec.ts");
    const { Start } = await import("../../../src/message/start.ts");
    const found = await guess(jsonCodec.writer()(new Start({ scan: 1 })), formatNamed);
    expect(guessText(found)).toBe("json (likely)");
  });

  test.each([
    ["JSON", [Buffer.from('{"a":1}')]],
    ["JSON", [Buffer.from("[1,2]")]],
    ["MessagePack", [Uint8Array.of(0x81, 0xa1, 0x61, 0x01)]],
    ["text", [Buffer.from("temperature 21.5")]],
    ["text in 2 frames", [Buffer.from("topic"), Buffer.from("21.5")]],
    ["a Python pickle", [Uint8Array.of(0x80, 4, 0x95, 0, 0, 0, 0)]],
    ["bytes", [Uint8Array.of(0, 1, 2, 255)]],
    ["bytes", [new Uint8Array(0)]],
  ] as const)("unknown - says that it looks like %s", async (look, frames) => {
    const found = await guess([frames], formatNamed);
    expect(found.codec.name).toBe("raw");
    expect(guessText(found)).toBe(`unknown format: ${look}`);
  });

  test("a format that only looks right - is not taken", async () => {
    const found = await guess([[Buffer.from('{"htype":"dimage-1.0"}')]], formatNamed);
    expect(found.codec.name).toBe("raw");
  });
});
