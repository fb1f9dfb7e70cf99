import { expect, test } from "vitest";
import { ranExample } from "./programs.ts";

const run = (name: string): string[] => [`start of ${name}`, "image 1", "image 2", "image 3", `stop of ${name}`];

test("examples/capture/main.ts - runs to its end and prints what it should", async () => {
  const { code, stdout, stderr } = await ranExample("examples/capture/main.ts");
  expect(stdout.split("\n").filter((line) => line !== "")).toEqual([
    "recorded 10 messages",
    ...["the second run, twice as fast as it came", ...run("scan-8"), "5 messages"],
    ...["everything, as fast as it can", ...run("scan-7"), ...run("scan-8"), "10 messages"],
    ...["what is left", "0 messages"],
  ]);
  expect(code, stderr).toBe(0);
});
