import { type AnyMessage, parallel } from "arroyojs";
import { drive } from "arroyojs/testing";
import { expect, test } from "vitest";
import { elementsOf, frame, whole } from "./frames.ts";

const module = new URL("../../src/reduction/index.ts", import.meta.url);

test("threads - frames are integrated by options that went to a thread, a mask with them", async () => {
  const options = { centre: [1, 1], bins: 1, binPixels: 4, mask: Uint8Array.of(1, 0, 0, 0) };
  const frames = [1, 2, 3].map((count) => frame(new Uint16Array(4).fill(count), [2, 2], { frame: count }));
  const operator = parallel(module, { threads: 2, export: "AzimuthalIntegration", options });
  const { published, error } = await drive(operator, whole(...frames));
  expect(error).toBeUndefined();
  const curves = (published as AnyMessage[]).filter(({ type }) => type === "event");
  expect(curves.map(elementsOf)).toEqual([[1], [2], [3]]);
});
