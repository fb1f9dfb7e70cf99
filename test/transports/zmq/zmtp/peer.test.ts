import { describe, expect, test } from "vitest";
import { turns, until } from "../../../../src/testing/conformance/until.ts";
import { commandFrame, credentials, malformedError, properties } from "../../../../src/transports/zmq/zmtp/command.ts";
import { FramePool } from "../../../../src/transports/zmq/zmtp/frame-pool.ts";
import { greeting } from "../../../../src/transports/zmq/zmtp/greeting.ts";
import { PeerAlone } from "./peer-alone.ts";
import { conversation, frame, hello, message, ping } from "./wire.ts";

const READY = commandFrame("READY", properties({ "Socket-Type": "PUSH" }));

/** What is refused, after how much of a handshake, and with what words. */
const REFUSED: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["HTTP", Buffer.from("GET / HTTP/1.1\r\n"), /does not speak ZeroMQ/],
  ["its first byte", Buffer.from("G"), /does not speak ZeroMQ/],
  ["ZMTP 2.0", Buffer.concat([hello("PUSH").subarray(0, 10), Uint8Array.of(1)]), /speaks ZMTP 1; 3.0 or newer/],
  ["another security", greeting("CURVE", false), /uses the security CURVE, we use NULL/],
  ["a PULL where a PUSH is needed", hello("PULL"), /is a PULL; a PULL can only talk to PUSH/],
  ["no type", Buffer.concat([greeting("NULL", false), commandFrame("READY")]), /did not say what kind of socket/],
  [
    "a name that begins with zero",
    bytesOf(greeting("NULL", false), commandFrame("READY", properties({ "Socket-Type": "PUSH", Identity: "\0a" }))),
    /has a name that is none/,
  ],
  [
    "a long name",
    bytesOf(
      greeting("NULL", false),
      commandFrame("READY", properties({ "Socket-Type": "PUSH", Identity: "a".repeat(256) })),
    ),
    /has a name that is none/,
  ],
  ["properties cut short", bytesOf(greeting("NULL", false), commandFrame("READY", Uint8Array.of(9))), /cut short/],
  ["a message too early", bytesOf(greeting("NULL", false), message("a")), /before the end of the handshake/],
  ["a long one too early", bytesOf(greeting("NULL", false), longHead(0, 1_000_000)), /before the end of the handshake/],
  ["ERROR", bytesOf(greeting("NULL", false), commandFrame("ERROR", frame("400").subarray(1))), /refused us: 400/],
  ["reserved flags", bytesOf(hello("PUSH"), Uint8Array.of(8, 0)), /unknown flags \(0x8\)/],
  ["a command with more", bytesOf(hello("PUSH"), Uint8Array.of(5, 0)), /command with more frames/],
  ["a command in a message", bytesOf(hello("PUSH"), frame("a", true), READY), /command inside of a message/],
  ["a long command", bytesOf(hello("PUSH"), longHead(4, 65_537)), /command of 65537 bytes, at most 65536/],
  ["2^62 bytes", bytesOf(hello("PUSH"), longHead(0, 2 ** 62)), /at least 4611686018427388000 bytes/],
  ["2^64-1 bytes", bytesOf(hello("PUSH"), Buffer.from([2, ...Array(8).fill(255)])), /at least 18446744073709552000/],
  ["too much in all", bytesOf(hello("PUSH"), frame(Buffer.alloc(600_000), true), longHead(0, 400_001)), /1000001/],
  ["endless MORE", bytesOf(hello("PUSH"), ...Array(65).fill(frame("a", true))), /more than 64 frames/],
];

function bytesOf(...parts: Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

function longHead(flags: number, length: number): Buffer {
  const head = Buffer.alloc(9);
  head[0] = flags | 2;
  head.writeBigUInt64BE(BigInt(length), 1);
  return head;
}

describe("peer - refuses", () => {
  for (const [what, bytes, words] of REFUSED) {
    test(what, () => {
      using alone = new PeerAlone();
      alone.read(bytes);
      expect(alone.closings).toEqual([expect.stringMatching(words)]);
      expect(alone.messages).toEqual([]);
    });
  }

  test("who does not finish the handshake", async () => {
    using alone = new PeerAlone({ handshakeMs: 5 });
    alone.read(hello("PUSH").subarray(0, 70));
    await until(() => alone.closings.length > 0, "the end");
    expect(alone.closings).toEqual(["did not finish the handshake in time"]);
  });

  test("who stops in the middle of a message", async () => {
    using alone = new PeerAlone();
    alone.read(hello("PUSH"));
    alone.peer.watch();
    alone.peer.watch();
    await turns();
    expect(alone.closings).toEqual([]);
    alone.read(frame("a", true));
    alone.peer.watch();
    await turns();
    expect(alone.closings).toEqual([]);
    alone.peer.watch();
    await turns();
    expect(alone.closings).toEqual(["stopped in the middle of a message"]);
  });
});

describe.each([
  ["memory of its own for each frame", undefined],
  ["memory that is used again", new FramePool()],
])("peer - reads the same, %s", (_title, pool) => {
  const bytes = conversation("PUSH");
  function read(split: (at: number) => number): PeerAlone {
    const alone = new PeerAlone({ pool });
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(split(at), bytes.length - at);
      alone.read(bytes.subarray(at, at + length));
      at += length;
    }
    return alone;
  }
  /** Messages as text: large arrays are slow to compare. */
  function said({ messages }: PeerAlone): string {
    return messages.map((frames) => frames.map((one) => Buffer.from(one).toString("latin1")).join("|")).join("\n");
  }
  const whole = read(() => bytes.length);

  test("in one piece", () => {
    expect(whole.closings).toEqual([]);
    expect(whole.messages.map((frames) => frames.map(({ length }) => length))).toEqual([
      [1],
      [0, 0],
      [5, 254, 255, 256],
      [1000, 70_000],
      [...Array(10).fill(1), ...Array(10).fill(2)],
      [3],
    ]);
    expect(whole.commands.map(({ name }) => name)).toEqual(["NOVELTY", "SUBSCRIBE"]);
  });

  test("in two pieces, split anywhere", () => {
    for (let at = 1; at < bytes.length; at += at > 3000 && at < bytes.length - 500 ? 997 : 1) {
      using alone = read((from) => (from === 0 ? at : bytes.length));
      if (said(alone) !== said(whole)) throw new Error(`split at ${at}: other messages`);
      if (alone.closings.length > 0) throw new Error(`split at ${at}: ${alone.closings[0]}`);
    }
  });

  for (const size of [1, 2, 3, 64, 1000, 33_000, 65_536]) {
    test(`in pieces of ${size}`, () => {
      using alone = read(() => size);
      expect(said(alone) === said(whole)).toBe(true);
      expect(alone.commands).toEqual(whole.commands);
      expect(alone.bytesWritten.equals(whole.bytesWritten)).toBe(true);
    });
  }

  test("when it is stopped after each message", () => {
    using alone = new PeerAlone({ takes: () => false, pool });
    alone.read(bytes, 5000);
    for (let count = 0; count < 10; count += 1) alone.peer.resume();
    expect(said(alone) === said(whole)).toBe(true);
    expect(alone.isPaused).toBe(false);
  });

  test("what had come before the end, when it is resumed after it", () => {
    using alone = new PeerAlone({ takes: () => false, pool });
    alone.read(bytes);
    alone.peer.close();
    for (let count = 0; count < 10; count += 1) alone.peer.resume();
    expect(said(alone) === said(whole)).toBe(true);
  });
});

describe("peer - PLAIN", () => {
  const plain = { username: "sim", password: "secret" };
  const first = greeting("PLAIN", false);

  test("a server lets in who knows the password", () => {
    using alone = new PeerAlone({ plain: { users: { sim: "secret" } } });
    alone.read(bytesOf(first, commandFrame("HELLO", credentials("sim", "secret"))));
    expect(alone.bytesWritten.subarray(64)).toEqual(Buffer.from(commandFrame("WELCOME")));
    alone.read(commandFrame("INITIATE", properties({ "Socket-Type": "PUSH" })));
    expect(alone.peer.isReady).toBe(true);
  });

  test("a server tells who does not, so that a client of libzmq understands", () => {
    using alone = new PeerAlone({ plain: { users: { sim: "secret" } } });
    alone.read(bytesOf(first, commandFrame("HELLO", credentials("sim", "guess"))));
    expect(alone.closings).toEqual(["gave a wrong name or password (PLAIN)"]);
    expect(alone.bytesWritten.subarray(64).toString("latin1")).toBe("\x04\x09^RROR\x03400");
  });

  test("a client gives its password, then says what it is", () => {
    using alone = new PeerAlone({ plain });
    alone.read(first);
    const asked = alone.bytesWritten.subarray(64);
    expect(asked).toEqual(Buffer.from(commandFrame("HELLO", credentials("sim", "secret"))));
    alone.read(bytesOf(commandFrame("WELCOME"), READY));
    expect(alone.peer.isReady).toBe(true);
  });

  for (const [what, error] of [
    ["as the standard says", commandFrame("ERROR", Buffer.from("\x03400"))],
    ["as libzmq says it", malformedError(Buffer.from("\x03400"))],
  ] as const) {
    test(`a client hears a refusal ${what}`, () => {
      using alone = new PeerAlone({ plain });
      alone.read(bytesOf(first, error));
      expect(alone.closings).toEqual(["refused us: 400"]);
    });
  }

  test("never falls back to NULL", () => {
    using alone = new PeerAlone({ plain });
    alone.read(hello("PUSH"));
    expect(alone.closings).toEqual(["uses the security NULL, we use PLAIN"]);
    expect(alone.bytesWritten.length).toBe(64);
  });
});

describe("peer - versions", () => {
  for (const [version, isNew] of [
    [[3, 0], false],
    [[3, 1], true],
    [[3, 9], true],
    [[4, 0], true],
  ] as const) {
    test(version.join("."), () => {
      using alone = new PeerAlone();
      alone.read(hello("PUSH", version));
      expect(alone.peer.facts).toEqual({ type: "PUSH", isNew, identity: Buffer.alloc(0) });
    });
  }
});

describe("peer - heartbeats", () => {
  test("a PING is answered with its context, cut to 16 bytes", () => {
    using alone = new PeerAlone();
    alone.read(hello("PUSH"));
    const before = alone.bytesWritten.length;
    alone.read(ping(0, "0123456789abcdefXYZ"));
    const pong = commandFrame("PONG", Buffer.from("0123456789abcdef"));
    expect(alone.bytesWritten.subarray(before)).toEqual(Buffer.from(pong));
  });

  test("a flood of PINGs gets one answer a turn", () => {
    using alone = new PeerAlone();
    alone.read(hello("PUSH"));
    const before = alone.written.length;
    alone.read(bytesOf(...Array(1000).fill(ping(1000))));
    expect(alone.written.length).toBe(before + 1);
  });

  for (const [what, seen] of [
    ["that was seen to ask", ping(100)],
    ["that may have asked behind what is not read", Buffer.alloc(0)],
  ] as const) {
    test(`a side ${what} gets PONGs unasked while it is not read from`, async () => {
      using alone = new PeerAlone({ takes: () => false });
      alone.read(bytesOf(hello("PUSH"), seen, message("a")));
      const before = alone.written.length;
      await until(() => alone.written.length >= before + 3, "three PONGs");
      expect(alone.written.at(-1)).toEqual(Buffer.from(commandFrame("PONG")));
    });
  }

  test("one that says nothing is cut, unless we do not read", async () => {
    using paused = new PeerAlone({ heartbeatMs: 5, takes: () => false });
    paused.read(bytesOf(hello("PUSH"), message("a")));
    using alone = new PeerAlone({ heartbeatMs: 5 });
    alone.read(hello("PUSH"));
    await until(() => alone.closings.length > 0, "the end");
    expect(alone.closings).toEqual(["was silent for too long"]);
    expect(paused.closings).toEqual([]);
  });
});
