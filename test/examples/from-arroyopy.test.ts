import { Event, NdArray, Start, Stop } from "arroyojs";
import { arroyosasCodec } from "arroyojs/formats/arroyosas";
import { drive } from "arroyojs/testing";
import { describe, expect, test } from "vitest";
import { SubtractDark } from "../../examples/from-arroyopy/subtract-dark.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import { Program } from "../peers/program.ts";
import { IMAGES, subtractedBy } from "../peers/subtract-dark.ts";
import { filesBelow, fileText } from "./programs.ts";

// `npm run test:peers` runs the programs for arroyopy as well, and compares what both make.
describe("examples/from-arroyopy", () => {
  test("subtract-dark.ts - each run has a dark image of its own", async () => {
    const image = (run: string, ...values: readonly number[]): Event =>
      new Event({}, new NdArray(Int32Array.from(values)), { run });
    const { published, account } = await drive(new SubtractDark(), [
      new Start({}, { run: "a" }),
      new Start({}, { run: "b" }),
      image("a", 1, 2),
      image("b", 10, 20),
      image("a", 5, 5),
      new Stop({}, { run: "a" }),
      image("b", 5, 5),
      new Stop({}, { run: "b" }),
    ]);
    const values = published.flatMap((message) => (message.type === "event" ? [[...message.array("int32").data]] : []));
    expect(values).toEqual([
      [4, 3],
      [-5, -15],
    ]);
    expect([account.filtered, account.published]).toEqual([2, 6]);
  });

  test("main.ts - subtracts over ZeroMQ, and ends on SIGTERM with its account", async () => {
    const made = await subtractedBy(
      (...ends) => Program.node("examples/from-arroyopy/main.ts", ...ends),
      async (program) => {
        await program.stop();
        expect(program.errors).toMatch(new RegExp(`^counts \\(completed\\) +${IMAGES + 2} `, "m"));
      },
    );
    const read = arroyosasCodec.reader(DEFAULT_LIMITS);
    const [start, ...rest] = made.flatMap((frame) => read([frame]).map(({ message }) => message));
    const stop = rest.pop();
    expect(start).toMatchObject({ type: "start", run: "counts", data: { width: 3, height: 2 } });
    expect(stop).toMatchObject({ type: "stop", data: { num_frames: IMAGES } });
    expect(rest).toHaveLength(IMAGES - 1);
    for (const [index, event] of rest.entries()) {
      if (event.type !== "event") throw new Error("expected an event");
      expect(event.metadata).toMatchObject({ frame_number: index + 1, tiled_url: `tiled://${index + 1}` });
      expect([...event.array("int32").data]).toEqual(Array(6).fill(100 * (index + 1)));
    }
  });
});

test("docs - every block of Python that names a file stands in it, word for word", () => {
  const blocks = filesBelow("docs", ".md").flatMap((page) =>
    [...fileText(page).matchAll(/^```python (\S+)\n(.*?)\n```$/gms)].map(([, path, text]) => ({ page, path, text })),
  );
  expect(blocks.length).toBeGreaterThan(4);
  for (const { page, path, text } of blocks) {
    expect(`\n${fileText(path as string)}\n`, `${page}: ${path}`).toContain(`\n${text}\n`);
  }
});
