import { createConnection, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { turns, until } from "../../../../src/testing/conformance/until.ts";
import { Collected, heardBy, Ours, send } from "./ours.ts";
import { frame, hello, message } from "./wire.ts";

const raw: Socket[] = [];

/** Calls an address and says something; what is answered is thrown away, unless it is not read at all. */
function caller(address: string, bytes: Uint8Array, reads = true): Socket & { isOver?: boolean } {
  const socket: Socket & { isOver?: boolean } = createConnection(Number(address.split(":").at(-1)), "127.0.0.1");
  raw.push(socket);
  socket
    .on("error", () => undefined)
    .on("close", () => {
      socket.isOver = true;
    });
  if (reads) socket.resume();
  socket.write(bytes);
  return socket;
}

afterEach(() => {
  for (const socket of raw.splice(0)) socket.destroy();
});

for (const readInPlace of [true, false]) {
  describe(`hostile peers, ${readInPlace ? "read in place" : "read by events"}`, () => {
    test("none of them - disturbs an honest one", async () => {
      await using ours = new Ours({ readInPlace, handshakeMs: 100, stallMs: 50 });
      const pull = await ours.reading("pull", { maxFrameBytes: 100_000 });
      const address = await pull.bind("tcp://127.0.0.1:*");
      const collected = Collected.from(pull);
      const long = Buffer.alloc(9);
      long[0] = 2;
      long.writeUInt32BE(90_000, 5);
      const hostile = [
        caller(address, Buffer.from("GET / HTTP/1.1\r\n\r\n")),
        caller(address, Buffer.alloc(0)),
        caller(address, hello("PUSH").subarray(0, 30)),
        caller(address, hello("SUB")),
        caller(address, Buffer.concat([hello("PUSH"), frame(Buffer.alloc(100_001))])),
        caller(address, Buffer.concat([hello("PUSH"), message(...Array(10_001).fill("a"))])),
        caller(address, Buffer.concat([hello("PUSH"), long, Buffer.alloc(50_000)])),
        caller(address, Buffer.alloc(100_000, 0xff)),
      ];
      const push = await ours.writing("push");
      push.connect(address);
      for (let index = 0; index < 10; index += 1) await send(push, String(index));
      await collected.until(10);
      await until(() => hostile.every(({ isOver }) => isOver === true), "the ends of the others");
      expect(collected.texts).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
      expect(pull.peers).toBe(1);
      const words = ["does not speak", "in time", "is a SUB", "at least 100001", "more than 10000", "in the middle of"];
      for (const word of words) expect(ours.troubles.join("\n")).toContain(word);
    });

    test("many who say nothing - make room for who does", async () => {
      await using ours = new Ours({ readInPlace, maxUnready: 5 });
      const pull = await ours.reading("pull");
      const address = await pull.bind("tcp://127.0.0.1:*");
      const silent = Array.from({ length: 30 }, () => caller(address, Buffer.alloc(0)));
      await until(() => silent.filter(({ isOver }) => isOver === true).length === 25, "25 of them to go");
      const push = await ours.writing("push");
      push.connect(address);
      await until(() => pull.peers === 1, "the honest one");
      // The one more that the honest one displaced, and no other.
      await until(() => silent.filter(({ isOver }) => isOver === true).length === 26, "one more to go");
    });

    test("more than are served - are told, and those who were there stay", async () => {
      await using ours = new Ours({ readInPlace, maxPeers: 2 });
      const pull = await ours.reading("pull");
      const address = await pull.bind("tcp://127.0.0.1:*");
      const served = [caller(address, hello("PUSH")), caller(address, hello("PUSH"))];
      await until(() => pull.peers === 2, "two peers");
      const third = caller(address, hello("PUSH"));
      await until(() => third.isOver === true, "the end of the third");
      expect(ours.troubles).toEqual([expect.stringMatching(/one too many: at most 2/)]);
      expect(served.map(({ isOver }) => isOver)).toEqual([undefined, undefined]);
    });

    test("a subscriber that reads nothing - costs its bound, not more", async () => {
      await using ours = new Ours({ readInPlace });
      const pub = await ours.writing("pub", { maxBytes: 2_000_000, lingerMs: 0 });
      const heard = heardBy(pub);
      const address = await pub.bind("tcp://127.0.0.1:*");
      caller(address, Buffer.concat([hello("SUB", [3, 0]), message(Buffer.from([1]))]), false);
      await until(() => heard.length === 1, "the subscription");
      const before = process.memoryUsage().arrayBuffers;
      const large = Buffer.alloc(100_000);
      for (let index = 0; index < 2000; index += 1) {
        // Each a buffer of its own: only what waits keeps them.
        pub.take([Buffer.from(large)]);
        if (index % 20 === 0) await turns(1);
      }
      expect(ours.troubles[0]).toMatch(/too slow/);
      globalThis.gc?.();
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
    });
  });
}
