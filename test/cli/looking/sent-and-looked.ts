import { expect } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { testIo } from "../test-io.ts";

/** Sends lines to an address; everything has to leave. */
export async function sent(lines: string, url: string, ...words: string[]): Promise<void> {
  const io = testIo();
  io.stdin.end(lines);
  expect([await main(["send", url, "--quiet", ...words], io), io.err.text.replace(/^.*Publisher: .*\n/gm, "")]).toEqual(
    [0, ""],
  );
}

/** Gives what `look --once --json` sees at an address. */
export async function lookedAt(url: string, ...words: string[]): Promise<unknown> {
  const io = testIo();
  expect([
    await main(["look", url, "--once", "--json", ...words], io),
    words.includes("--take") ? "" : io.err.text,
  ]).toEqual([0, ""]);
  return JSON.parse(io.out.text);
}
