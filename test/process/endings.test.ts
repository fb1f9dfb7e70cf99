import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { until } from "../../src/testing/conformance/until.ts";
import { Places } from "../transports/zmq/places.ts";
import { Child, PATIENCE_MS } from "./child.ts";

type Word = { readonly say: "busy" };

const program = new URL("programs/endings.ts", import.meta.url);
const start = (...args: readonly string[]): Child<Word> => new Child<Word>(program, { args });
const busy = (child: Child<Word>): Promise<void> => child.until(() => child.words.length > 0, "that it is busy");

/** Gives a number from the table of an account: a column of the line that sums up a block. */
function counted(text: string, block: string, column: string): number {
  const lines = text.split("\n");
  const head = lines.findIndex((line) => line.startsWith(`${block} `) && line.includes("received"));
  const at = (lines[head] ?? "").trim().split(/\s+/).indexOf(column);
  const sum = lines.slice(head).find((line) => line.startsWith("all ")) ?? "";
  return Number(sum.trim().split(/\s+/)[at]);
}

test("endings - a source that ends: everything finished, the account printed, exit code 0", async () => {
  await using child = start("ended");
  expect(await child.end()).toEqual({ code: 0, signal: null });
  expect(counted(child.written.stderr, "block", "received")).toBe(102);
  expect(counted(child.written.stderr, "block", "finished")).toBe(102);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`endings - ${signal} under load: intake stops, what is there is finished, exit code 0`, async () => {
    await using child = start("endless");
    await busy(child);
    child.signal(signal);
    expect(await child.end()).toEqual({ code: 0, signal: null });
    const { stderr } = child.written;
    expect(stderr).toContain(`${signal}: stopping`);
    const received = counted(stderr, "block", "received");
    expect(received).toBeGreaterThan(200);
    expect(counted(stderr, "block", "finished")).toBe(received);
    expect(counted(stderr, "block", "left")).toBe(0);
  });
}

test("endings - a program whose source is silent goes on until it is told to stop", async () => {
  await using child = start("silent");
  await busy(child);
  child.signal("SIGTERM");
  expect(await child.end()).toEqual({ code: 0, signal: null });
});

test("endings - one Ctrl-C that comes twice, from the terminal and from npm, is one", async () => {
  await using child = start("endless");
  await busy(child);
  child.signal("SIGINT");
  child.signal("SIGINT");
  expect(await child.end()).toEqual({ code: 0, signal: null });
});

test("endings - a block that fails: the error and its cause printed, the others drained, exit code 1", async () => {
  await using child = start("failed");
  expect(await child.end()).toEqual({ code: 1, signal: null });
  const { stderr } = child.written;
  expect(stderr).toContain("bad: process failed: the detector sent nonsense");
  expect(counted(stderr, "bad", "failed")).toBe(1);
  expect(counted(stderr, "good", "left")).toBe(0);
});

test("endings - a promise that the parts cannot keep is refused before anything starts, exit code 2", async () => {
  await using places = new Places();
  await using child = start("promise", await places.free("ipc"));
  expect(await child.end()).toEqual({ code: 2, signal: null });
  expect(child.written.stderr).toContain("ZmqListener cannot give a message again");
});

test("endings - wrong use that shows at the start: exit code 2", async () => {
  await using child = start("usage", "ipc:///nowhere/to/be/found");
  expect(await child.end()).toEqual({ code: 2, signal: null });
  expect(child.written.stderr).toContain("the folder does not exist; make it first");
});

test("endings - SIGTERM while it waits for subscribers: exit code 0", async () => {
  await using places = new Places();
  const address = await places.free("ipc");
  await using child = start("waiting", address);
  await until(() => existsSync(address.slice("ipc://".length)), "its socket", PATIENCE_MS);
  child.signal("SIGTERM");
  expect(await child.end()).toEqual({ code: 0, signal: null });
});

test("endings - something left at the deadline: named, given back, exit code 3", async () => {
  await using child = start("left");
  await busy(child);
  child.signal("SIGTERM");
  expect(await child.end()).toEqual({ code: 3, signal: null });
  const { stderr } = child.written;
  expect(counted(stderr, "block", "left")).toBeGreaterThan(0);
  expect(stderr).toMatch(/\d+ messages were not finished/);
});

test("endings - a second signal leaves at once, exit code 130", async () => {
  await using child = start("stuck");
  await busy(child);
  const deadline = performance.now() + PATIENCE_MS;
  // One that comes too soon after the first counts as the same.
  while (child.ended === undefined && performance.now() < deadline) {
    child.signal("SIGTERM");
    await Promise.race([child.end(), new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  expect(child.ended).toEqual({ code: 130, signal: null });
  expect(child.written.stderr).toContain("left at once");
});

for (const [ending, code] of [
  ["printed", 0],
  ["printed, failed", 1],
] as const) {
  test(`endings - what was written into a pipe arrives in full, exit code ${code}`, async () => {
    await using child = start(ending);
    expect(await child.end()).toEqual({ code, signal: null });
    const lines = child.written.stdout.split("\n").slice(0, -1);
    expect(lines.every((line, id) => line === String(id).padStart(99, "-"))).toBe(true);
    if (code === 0) expect(lines).toHaveLength(50_000);
    expect(child.written.stdout.endsWith("\n")).toBe(true);
    expect(counted(child.written.stderr, "block", "left")).toBe(0);
  });
}
