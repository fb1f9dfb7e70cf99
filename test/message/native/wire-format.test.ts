import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Event } from "../../../src/message/event.ts";
import { NdArray } from "../../../src/message/ndarray.ts";
import { eventOf, only, reader, visible, writer } from "./samples.ts";

const page = readFileSync(new URL("../../../docs/wire-format.md", import.meta.url), "utf8");

/** Gives the bytes of an example of the page: the columns before the words. */
function example(name: string): Buffer {
  const block = new RegExp(`\`\`\`hex ${name}\n(.*?)\`\`\``, "s").exec(page)?.[1] ?? "";
  return Buffer.from(block.replace(/ {2,}.*$/gm, "").replace(/\s/g, ""), "hex");
}

test("docs/wire-format.md - its example is what is written, and reads as the page says", () => {
  const write = writer();
  for (let i = 0; i < 7; i += 1) write(new Event({}, new Uint8Array(0)), { topic: "camera" });
  const array = new NdArray(Uint16Array.of(1, 2, 3, 65_535), [2, 2]);
  const event = new Event({ frame: 7 }, array, { run: "scan-42", timeMs: 1_700_000_000_000.5 });
  const frames = ["topic", "header", "payload"].map(example);
  const written = only(write(event, { topic: "camera" })).map((frame) => Buffer.from(frame).toString("hex"));
  expect(frames.map((frame) => frame.toString("hex"))).toEqual(written);

  const decoded = reader()(frames);
  expect(decoded).toMatchObject({ sequence: 7, hop: { incarnation: "00112233445566ff", topic: "camera", skipped: 0 } });
  expect(visible(eventOf(decoded))).toMatchObject({
    envelope: { run: "scan-42", origin: { stream: "detector", partition: "camera", sequence: 7 } },
    metadata: { frame: 7 },
    payload: { dtype: "uint16", shape: [2, 2], data: [1, 2, 3, 65_535] },
  });
});
