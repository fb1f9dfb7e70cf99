import { Command as LibraryCommand } from "ioredis";
import { expect, test } from "vitest";
import { type Command, whole } from "../../../src/transports/redis/command.ts";
import { commandBytes } from "../../../src/transports/redis/command-bytes.ts";

function theirs([name, ...rest]: Command): Buffer {
  return Buffer.from(new LibraryCommand(name, rest.map(whole)).toWritable({}));
}

const small = Buffer.from("header");
const large = Buffer.alloc(5_000, 7);
const lent = new Uint8Array(new SharedArrayBuffer(6_000)).fill(9);

test("commands - have the bytes that the client makes", () => {
  const commands: readonly Command[] = [
    ["PING"],
    ["XADD", "schlüssel", "MAXLEN", "~", 1_000, "*", "message", small],
    ["XADD", "k", "*", "message", [small, large]],
    ["XADD", "k", "*", "a", [], "b", [Buffer.alloc(0)], "c", [large, small, large]],
    ["EVAL", "return 1", 0, ...Array.from({ length: 600 }, (_, index) => [small, Buffer.alloc(index)])],
    ["SET", "k", [lent]],
  ];
  for (const command of commands) {
    expect(Buffer.concat(commandBytes(command)).equals(theirs(command)), command[0]).toBe(true);
  }
});

test("commands - large pieces go out where they are, unless their memory is lent", () => {
  const chunks = commandBytes(["XADD", "k", "*", "message", [small, large, lent]]);
  expect(chunks.map(({ length }) => length >= 5_000)).toEqual([false, true, true]);
  expect(chunks[1]).toBe(large);
  lent.fill(1);
  expect(chunks[2]?.includes(9)).toBe(true);
});
