import { expect, test } from "vitest";
import type { SeenFile } from "../../../src/transports/files/watch/folder-look.ts";
import { Settling } from "../../../src/transports/files/watch/settling.ts";

const SETTLE_MS = 100;

function found(...files: readonly { readonly path: string; readonly size?: number }[]): ReadonlyMap<string, SeenFile> {
  return new Map(
    files.map(({ path, size = 1 }) => {
      const at = Number(path);
      return [path, { path, size, mtimeMs: at, ctimeMs: at, identity: path } as SeenFile];
    }),
  );
}

function settling(): (
  nowMs: number,
  ...files: readonly { readonly path: string; readonly size?: number }[]
) => string[] {
  const subject = new Settling(
    SETTLE_MS,
    () => true,
    () => false,
  );
  return (nowMs, ...files) => {
    const { ready } = subject.look(found(...files), nowMs);
    for (const file of ready) subject.given(file);
    return ready.map(({ path }) => path);
  };
}

test("settling - a look that finds the later one of two new files alone changes nothing in their order", () => {
  const look = settling();
  expect(look(0, { path: "2" })).toEqual([]);
  expect(look(100, { path: "1" }, { path: "2" })).toEqual([]);
  expect(look(200, { path: "1" }, { path: "2" })).toEqual(["1", "2"]);
});

test("settling - an older file that keeps growing holds nobody up", () => {
  const look = settling();
  expect(look(0, { path: "1" }, { path: "2" })).toEqual([]);
  expect(look(101, { path: "1", size: 2 }, { path: "2" })).toEqual(["2"]);
  expect(look(150, { path: "1", size: 3 }, { path: "2" })).toEqual([]);
  expect(look(260, { path: "1", size: 3 }, { path: "2" })).toEqual(["1"]);
});
