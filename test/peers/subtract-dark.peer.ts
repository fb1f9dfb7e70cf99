import { expect, test } from "vitest";
import { Program } from "./program.ts";
import { IMAGES, subtractedBy } from "./subtract-dark.ts";

test("examples/from-arroyopy - both programs make the same bytes of the same run", async () => {
  const ours = await subtractedBy((...ends) => Program.node("examples/from-arroyopy/main.ts", ...ends));
  const theirs = await subtractedBy((...ends) => Program.python("examples/from-arroyopy/subtract_dark.py", ...ends));
  // The first image is the dark one.
  expect(ours).toHaveLength(IMAGES + 1);
  const hex = (bytes: Buffer): string => bytes.toString("hex");
  expect(ours.map(hex)).toEqual(theirs.map(hex));
});
