import { afterAll, afterEach, describe, expect, test } from "vitest";
import { Publisher, Pull, Push, type Socket, Subscriber, XPublisher } from "zeromq";
import { inTime, until } from "../../../../src/testing/conformance/until.ts";
import type { WritingSocket } from "../../../../src/transports/zmq/socket.ts";
import { Places } from "../places.ts";
import { Collected, heardBy, Ours, send } from "./ours.ts";

const places = new Places();
afterAll(() => places[Symbol.asyncDispose]());
const theirs: Socket[] = [];

/** Keeps a socket of libzmq to be closed after the test. */
function their<S extends Socket>(socket: S): S {
  theirs.push(socket);
  return socket;
}

afterEach(() => {
  for (const socket of theirs.splice(0)) socket.close();
});

async function* indices(count: number): AsyncGenerator<number> {
  for (let index = 0; index < count; index += 1) yield index;
}

/** Lengths on both sides of every border: short and long heads, own buffers, blocks. */
const LENGTHS = [0, 1, 255, 256, 30_000, 33_000, 300_000, 2_000_000];

function payload(index: number): Buffer {
  return Buffer.alloc(LENGTHS[index % LENGTHS.length] as number, index);
}

function checkPayloads(messages: readonly (readonly Uint8Array[])[], count: number): void {
  expect(messages.length).toBe(count);
  messages.forEach(([head, body], index) => {
    expect(Buffer.from(head as Uint8Array).toString()).toBe(`t${index}`);
    expect(payload(index).equals(body as Uint8Array), `payload ${index}`).toBe(true);
  });
}

for (const transport of ["tcp", "ipc"] as const) {
  for (const role of ["bind", "connect"] as const) {
    describe(`with libzmq over ${transport}, we ${role}`, () => {
      /** Joins one of our sockets with one of theirs. */
      async function join(
        our: { bind(address: string): Promise<string>; connect(address: string): void },
        socket: Socket,
      ) {
        const address = await places.free(transport);
        if (role === "bind") socket.connect(await our.bind(address));
        else {
          await socket.bind(address);
          our.connect(address);
        }
      }

      for (const readInPlace of role === "bind" ? [true, false] : [true]) {
        test(`PULL - everything in order${readInPlace ? "" : ", read by events"}`, async () => {
          await using ours = new Ours({ readInPlace });
          const pull = await ours.reading("pull");
          const push = their(new Push());
          await join(pull, push);
          const collected = Collected.from(pull);
          for await (const index of indices(64)) await push.send([`t${index}`, payload(index)]);
          await collected.until(64);
          checkPayloads(collected.messages, 64);
          expect(ours.troubles).toEqual([]);
        });
      }

      test("PUSH - everything in order", async () => {
        await using ours = new Ours();
        const push = await ours.writing("push");
        const pull = their(new Pull());
        await join(push, pull);
        const got: Buffer[][] = [];
        const sending = (async () => {
          for await (const index of indices(64)) await send(push, `t${index}`, payload(index));
        })();
        while (got.length < 64) got.push(await inTime(pull.receive(), "a message"));
        await sending;
        checkPayloads(got, 64);
      });

      test("PUB - only what was asked for, also after it changed", async () => {
        await using ours = new Ours();
        const pub = await ours.writing("pub");
        const heard = heardBy(pub);
        const sub = their(new Subscriber());
        sub.subscribe("a", "b");
        await join(pub, sub);
        const topics: string[] = [];
        // libzmq says what it wants only while somebody calls into it.
        const reading = (async () => {
          while (topics.length < 4) topics.push(String((await sub.receive())[0]));
        })();
        await until(() => heard.length === 2, "two subscriptions");
        for (const topic of ["a1", "b1", "c1"]) pub.take([Buffer.from(topic), payload(4)]);
        await until(() => topics.length === 2, "two messages");
        sub.unsubscribe("a");
        sub.subscribe("c");
        await until(() => heard.length === 4, "four changes");
        for (const topic of ["a2", "b2", "c2"]) pub.take([Buffer.from(topic), payload(7)]);
        await inTime(reading, "four messages");
        expect(topics).toEqual(["a1", "b1", "b2", "c2"]);
        expect(heard.slice(2).sort()).toEqual(["+c", "-a"]);
      });

      test("SUB - asks, and asks again on a new connection", async () => {
        await using ours = new Ours();
        const sub = await ours.reading("sub");
        sub.subscribe("a");
        const pub = their(new XPublisher());
        await join(sub, pub);
        const collected = Collected.from(sub);
        expect(String((await inTime(pub.receive(), "a subscription"))[0])).toBe("\u0001a");
        await pub.send(["b1", "no"]);
        await pub.send(["a1", "yes"]);
        sub.subscribe("b");
        expect(String((await inTime(pub.receive(), "a subscription"))[0])).toBe("\u0001b");
        await pub.send(["b2", "yes"]);
        await collected.until(2);
        expect(collected.texts).toEqual(["a1|yes", "b2|yes"]);
      });
    });
  }
}

describe("with libzmq - connections that end", () => {
  test("our SUB finds a publisher that was started again", async () => {
    await using ours = new Ours();
    const sub = await ours.reading("sub");
    sub.subscribe("");
    const address = await places.free();
    sub.connect(address);
    const collected = Collected.from(sub);
    for (const life of [1, 2, 3]) {
      const pub = new XPublisher({ linger: 1000 });
      await bound(pub, address);
      await inTime(pub.receive(), "a subscription");
      await pub.send(`life ${life}`);
      await collected.until(life);
      pub.close();
      await until(() => sub.peers === 0, "the end of the connection");
    }
    expect(collected.texts).toEqual(["life 1", "life 2", "life 3"]);
  });

  test("their SUB finds our publisher that was started again", async () => {
    const address = await places.free();
    const sub = their(new Subscriber({ reconnectInterval: 20 }));
    sub.subscribe("");
    sub.connect(address);
    for (const life of [1, 2]) {
      await using ours = new Ours();
      const pub = await ours.writing("pub");
      const heard = heardBy(pub);
      await pub.bind(address);
      const receiving = sub.receive();
      await until(() => heard.length === 1, "a subscription");
      pub.take([Buffer.from(`life ${life}`)]);
      expect(String((await inTime(receiving, "a message"))[0])).toBe(`life ${life}`);
    }
  });

  test("what our PUSH had not sent goes to the puller that comes next", async () => {
    await using ours = new Ours();
    const push = await ours.writing("push");
    const address = await places.free();
    const first = new Pull({ linger: 0, receiveHighWaterMark: 1 });
    await bound(first, address);
    push.connect(address);
    await until(() => push.peers === 1, "a puller");
    let sent = 0;
    for (let refusals = 0; refusals < 100; ) {
      if (push.take([Buffer.from(String(sent)), Buffer.alloc(100_000)])) sent += 1;
      else refusals += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    first.close();
    await until(() => push.peers === 0, "its end");
    await send(push, "sent while nobody was there");
    const second = their(new Pull());
    await bound(second, address);
    const got: string[] = [];
    while (got.at(-1) !== "sent while nobody was there")
      got.push(String((await inTime(second.receive(), "a message"))[0]));
    const numbers = got.slice(0, -1).map(Number);
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => sent - numbers.length + index));
    expect(ours.troubles).toEqual([expect.stringMatching(/ended with \d+ messages on their way to it/)]);
  });

  test("the wrong kind of socket is named", async () => {
    await using ours = new Ours();
    const pull = await ours.reading("pull");
    const pub = their(new Publisher());
    pub.connect(await pull.bind("tcp://127.0.0.1:*"));
    await until(() => ours.troubles.length > 0, "trouble");
    expect(ours.troubles[0]).toBe("from 127.0.0.1 is a PUB; a PULL can only talk to PUSH");
  });
});

describe("with libzmq - who is slow", () => {
  test("our reader - holds theirs up, and gets everything", async () => {
    await using ours = new Ours();
    const pull = await ours.reading("pull");
    const push = their(
      new Push({ sendHighWaterMark: 2, heartbeatInterval: 50, heartbeatTimeout: 200, heartbeatTimeToLive: 200 }),
    );
    push.connect(await pull.bind("tcp://127.0.0.1:*"));
    const collected = Collected.from(pull);
    await push.send(["t", "0"]);
    await collected.until(1);
    // Long enough for its heartbeats to be seen.
    await until(() => push.writable, "a handshake");
    await new Promise((resolve) => setTimeout(resolve, 150));
    collected.stop();
    let sent = 0;
    const sending = (async () => {
      for (let index = 1; index < 100; index += 1) {
        await push.send(["t", Buffer.alloc(1_000_000, index)]);
        sent = index;
      }
    })();
    await until(() => sent >= 2, "a few to leave");
    // Longer than its patience: without PONGs unasked it would have cut the connection.
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(sent).toBeLessThan(60);
    expect(collected.messages.length).toBeLessThan(3);
    collected.go();
    await sending;
    await collected.until(100);
    expect(collected.messages.map(([, body]) => body?.[0])).toEqual([
      "0".charCodeAt(0),
      ...Array.from({ length: 99 }, (_, index) => index + 1),
    ]);
    expect(ours.troubles).toEqual([]);
  });

  test("their reader - holds ours up, and gets everything", async () => {
    await using ours = new Ours();
    const push = await ours.writing("push");
    const pull = their(new Pull({ receiveHighWaterMark: 2 }));
    pull.connect(await push.bind("tcp://127.0.0.1:*"));
    await until(() => push.peers === 1, "a puller");
    let sent = 0;
    const sending = (async () => {
      for (let index = 0; index < 60; index += 1) {
        await send(push, Buffer.alloc(1_000_000, index));
        sent += 1;
      }
    })();
    await until(() => sent > 2 && !push.hasRoom, "no room");
    expect(sent).toBeLessThan(50);
    for (let index = 0; index < 60; index += 1) {
      expect((await inTime(pull.receive(), "a message"))[0]?.[0]).toBe(index);
    }
    await sending;
  });

  test("one of two subscribers - loses the newest, the other one nothing", async () => {
    await using ours = new Ours();
    const pub = await ours.writing("pub", { maxBytes: 4_000_000, lingerMs: 0 });
    const heard = heardBy(pub);
    const address = await pub.bind("tcp://127.0.0.1:*");
    const [slow, quick] = [their(new Subscriber({ receiveHighWaterMark: 1 })), their(new Subscriber())];
    for (const sub of [slow, quick]) {
      sub.subscribe("");
      sub.connect(address);
    }
    await until(() => heard.length === 2, "two subscriptions");
    for (let index = 0; index < 60; index += 1) {
      pub.take([Buffer.from([index]), Buffer.alloc(1_000_000)]);
      expect((await inTime(quick.receive(), "a message"))[0]?.[0]).toBe(index);
    }
    expect(ours.troubles).toEqual([expect.stringMatching(/is too slow: messages for it are dropped/)]);
    // What it gets is whole, in order, and without a hole.
    expect((await inTime(slow.receive(), "a message"))[0]?.[0]).toBe(0);
    expect((await inTime(slow.receive(), "a message"))[0]?.[0]).toBe(1);
  });
});

describe("with libzmq - closing", () => {
  test("what was sent still leaves", async () => {
    const pull = their(new Pull());
    await pull.bind("tcp://127.0.0.1:*");
    const ours = new Ours();
    const push = await ours.writing("push");
    push.connect(pull.lastEndpoint as string);
    await until(() => push.peers === 1, "a puller");
    await send(push, "large", Buffer.alloc(20_000_000));
    const closing = ours.close();
    const [head, body] = await inTime(pull.receive(), "a message");
    expect([String(head), body?.length]).toEqual(["large", 20_000_000]);
    expect(await closing).toBe(true);
  });

  test("what nobody takes is given up, and said", async () => {
    const pull = their(new Pull({ receiveHighWaterMark: 1 }));
    await pull.bind("tcp://127.0.0.1:*");
    const ours = new Ours();
    const push: WritingSocket = await ours.writing("push", { lingerMs: 50 });
    push.connect(pull.lastEndpoint as string);
    await until(() => push.peers === 1, "a puller");
    while (await push.takeLater([Buffer.alloc(10_000_000)], 200));
    expect(await ours.close()).toBe(false);
  });
});

/** Binds, also where another socket was closed just before. */
async function bound(socket: Socket, address: string): Promise<void> {
  for (;;) {
    try {
      return await socket.bind(address);
    } catch (error) {
      if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
    }
  }
}
