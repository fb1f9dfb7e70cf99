import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { RejectedError } from "../../../src/errors.ts";
import type { Facts } from "../../../src/message/native/facts.ts";
import { Layouts } from "../../../src/message/native/layouts.ts";
import { SEED, Seeded } from "../../corpus/seeded.ts";
import { handMade, packed } from "./hand-made.ts";
import { reader, visible } from "./samples.ts";

const FACTS = {} as Facts;
const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part)))),
  );
/** A key, or a short text, as it is written. */
const short = (text: string): Uint8Array => packed(text);
const map = (...entries: readonly (readonly [string, readonly number[] | Uint8Array])[]): Uint8Array =>
  bytes([0x80 + entries.length], ...entries.map(([key, value]) => [...short(key), ...value]));

/** Values in all the forms that MessagePack has. */
const FORMS: Readonly<Record<string, Uint8Array>> = {
  small: bytes([5]),
  negative: bytes([0xf0]),
  nothing: bytes([0xc0]),
  truth: bytes([0xc2]),
  bytes: bytes([0xc4, 2, 0xff, 0]),
  moreBytes: bytes([0xc5, 0, 2, 1, 2]),
  mostBytes: bytes([0xc6, 0, 0, 0, 1, 1]),
  single: bytes([0xca, 0x3f, 0x80, 0, 0]),
  double: bytes([0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]),
  u8: bytes([0xcc, 200]),
  u16: bytes([0xcd, 1, 0]),
  u32: bytes([0xce, 1, 0, 0, 0]),
  u64: bytes([0xcf, 0, 0, 0, 1, 0, 0, 0, 0]),
  i8: bytes([0xd0, 0x80]),
  i16: bytes([0xd1, 0x80, 0]),
  i32: bytes([0xd2, 0x80, 0, 0, 0]),
  i64: bytes([0xd3, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
  ascii: short("abc"),
  umlaut: short("aä€"),
  text8: bytes([0xd9, 2], "ab"),
  text16: bytes([0xda, 0, 2], "ab"),
  text32: bytes([0xdb, 0, 0, 0, 2], "ab"),
  list: bytes([0x92, 1, 0xc3]),
  list16: bytes([0xdc, 0, 1, 2]),
  list32: bytes([0xdd, 0, 0, 0, 1, 3]),
  map: map(["a", [1]], ["b", short("x")]),
  map16: bytes([0xde, 0, 1], [...short("a")], [1]),
  map32: bytes([0xdf, 0, 0, 0, 1], [...short("a")], [1]),
  ["long key of more than thirty-one bytes"]: bytes([1]),
};

/** The maps of events: each with what a check looks at, the first with every form. */
function dynamicMaps(): readonly Uint8Array[] {
  const large = [...bytes([0xde, 0, Object.keys(FORMS).length])];
  for (const [key, value] of Object.entries(FORMS)) large.push(...short(key), ...value);
  return [
    map(["sequence", bytes([0xcf, 0, 0x1f, 0xff, 0, 0, 0, 0, 7])], ["metadata", bytes(large)]),
    map(
      ["sequence", bytes([0xce, 0, 1, 0, 0])],
      ["key", short("k1")],
      ["trace", bytes([0x92], [...short("00-ab")], [...short("x=y")])],
      ["headers", bytes([0x91, 0x92], [...short("name")], [0xc4, 1, 0])],
      ["metadata", map(["name", short("scan")])],
      ["later", [1]],
    ),
    map(["sequence", [3]], ["metadata", map()]),
  ];
}

/** What a reader makes of a header: what can be seen of the message, or why it is refused. */
function outcome(read: ReturnType<typeof reader>, header: Uint8Array): unknown {
  try {
    const { message, sequence, hop } = read([header]);
    return [visible(message), sequence, hop];
  } catch (error) {
    if (error instanceof RejectedError) return error.reason;
    throw error;
  }
}

/** What a byte is changed to: each of its bits, and the ends of all ranges of tags; with ARROYO_LONG everything. */
function others(byte: number): readonly number[] {
  if (process.env["ARROYO_LONG"] === "1") return Array.from({ length: 256 }, (_, value) => value);
  const bits = Array.from({ length: 8 }, (_, bit) => byte ^ (1 << bit));
  return [
    ...bits,
    0,
    0x1f,
    0x20,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc1,
    0xc7,
    0xcf,
    0xd4,
    0xd9,
    0xdf,
    0xe0,
    0xff,
  ];
}

describe("a reader that knows a header", () => {
  test("one byte of the maps is another one - it says the same as a reader that knows nothing", () => {
    for (const dynamicBytes of dynamicMaps()) {
      const known = handMade({ flags: dynamicBytes[0] === 0x86 ? 2 : 0, dynamicBytes });
      for (let at = 40; at < known.length; at += 1) {
        const read = reader();
        expect(outcome(read, known)).toBeTypeOf("object");
        for (const value of others(known[at] as number)) {
          const other = new Uint8Array(known);
          other[at] = value;
          const [told, wanted] = [outcome(read, other), outcome(reader(), other)];
          if (!isDeepStrictEqual(told, wanted))
            throw new Error(`byte ${at} as ${value}: ${Buffer.from(other).toString("hex")}`);
        }
      }
    }
  }, 60_000);

  test("several bytes and the flags are others - it says the same as a reader that knows nothing", () => {
    const random = new Seeded(SEED);
    const read = reader();
    const sound = dynamicMaps().map((dynamicBytes) =>
      handMade({ flags: dynamicBytes[0] === 0x86 ? 2 : 0, dynamicBytes }),
    );
    for (let round = 0; round < 5000; round += 1) {
      const header = new Uint8Array(random.pick(sound));
      if (round % 3 === 0) outcome(read, header);
      for (let left = random.below(4); left > 0; left -= 1)
        header[40 + random.below(header.length - 40)] = random.below(256);
      if (random.chance(0.1)) header[5] = random.below(64);
      const [told, wanted] = [outcome(read, header), outcome(reader(), header)];
      if (!isDeepStrictEqual(told, wanted)) {
        throw new Error(`round ${round} of seed ${SEED}: ${Buffer.from(header).toString("hex")}`);
      }
    }
  });
});

describe("layouts", () => {
  const [first = new Uint8Array()] = dynamicMaps();
  const header = handMade({ dynamicBytes: first });
  const differing = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const other = new Uint8Array(header);
    change(other);
    return other;
  };
  const behind = (text: string, bytes: Uint8Array): number => Buffer.from(bytes).indexOf(text) + text.length;

  test("other numbers, other ASCII text, another truth - is known", () => {
    const layouts = new Layouts();
    expect(layouts.find(header)).toBeUndefined();
    layouts.learn(header, FACTS, 50, 1);
    for (const [key, skipped, value] of [
      ["double", 1, 0x7f],
      ["ascii", 1, 0x7a],
      ["truth", 0, 0xc3],
      ["negative", 0, 0xff],
      ["small", 0, 0x7f],
      ["u64", 1, 0xff],
      ["bytes", 2, 1],
    ] as const) {
      const other = differing((all) => {
        all[behind(key, all) + skipped] = value;
      });
      expect(layouts.find(other), key).toMatchObject({ facts: FACTS, metadataAt: 50, seen: 1 });
    }
  });

  test("another key, another form, text that is not ASCII - is not known", () => {
    const layouts = new Layouts();
    layouts.learn(header, FACTS, 50, 1);
    for (const [key, at, value] of [
      ["double", -1, 0x66],
      ["double", 0, 0xca],
      ["ascii", 1, 0x80],
      ["umlaut", 1, 0x62],
      ["truth", 0, 0xc0],
      ["small", 0, 0xff],
      ["map", 0, 0x81],
    ] as const) {
      const other = differing((all) => {
        all[behind(key, all) + at] = value;
      });
      expect(layouts.find(other), key).toBeUndefined();
    }
    expect(layouts.find(differing((all) => all.fill(1, 5, 6)))).toBeUndefined();
    expect(layouts.find(handMade({ dynamicBytes: first, ofStatic: { run: "q", origin: ["s", "p"] } }))).toBeUndefined();
  });

  test("a sequence beyond 2^53 - 1 - is not known", () => {
    const layouts = new Layouts();
    layouts.learn(header, FACTS, 50, 1);
    const at = behind("sequence", header) + 1;
    expect(layouts.find(differing((all) => all.fill(0x1f, at + 1, at + 2)))).toBeDefined();
    expect(layouts.find(differing((all) => all.fill(0x20, at + 1, at + 2)))).toBeUndefined();
  });

  test("runs take turns - each is known", () => {
    const layouts = new Layouts();
    const headers = Array.from({ length: 8 }, (_, run) =>
      handMade({ ofStatic: { run: `${run}`, origin: ["s", "p"] } }),
    );
    for (const one of headers) layouts.learn(one, FACTS, 0, 0);
    for (let round = 0; round < 3; round += 1) for (const one of headers) expect(layouts.find(one)).toBeDefined();
  });

  test("ever other layouts - few are learned, and what comes again is known in the end", () => {
    const layouts = new Layouts();
    let learned = 0;
    for (let length = 0; length < 1000; length += 1) {
      const one = handMade({ dynamic: { sequence: 1, key: "x".repeat(length) } });
      layouts.learn(one, FACTS, 0, 0);
      if (layouts.find(one) !== undefined) learned += 1;
    }
    expect(learned).toBeLessThan(50);
    for (let times = 0; times < 200; times += 1)
      if (layouts.find(header) === undefined) layouts.learn(header, FACTS, 0, 0);
    expect(layouts.find(header)).toBeDefined();
  });
});
