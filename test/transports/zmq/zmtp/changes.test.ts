import { createConnection, type Socket as TcpSocket } from "node:net";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { Pull, Push, type Socket, Subscriber, XPublisher } from "zeromq";
import { inTime, turns, until } from "../../../../src/testing/conformance/until.ts";
import { openSocket } from "../../../../src/transports/zmq/open-socket.ts";
import { Places } from "../places.ts";
import { Collected, heardBy, Ours, send } from "./ours.ts";
import { frame, hello, message } from "./wire.ts";

const places = new Places();
afterAll(() => places[Symbol.asyncDispose]());
const open: { close(): unknown }[] = [];

/** Keeps what is to be closed after the test. */
function kept<S extends { close(): unknown }>(one: S): S {
  open.push(one);
  return one;
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** Binds, also where another socket was closed just before. */
async function bound<S extends Socket>(socket: S, address: string): Promise<S> {
  for (;;) {
    try {
      await socket.bind(address);
      return socket;
    } catch (error) {
      if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
    }
  }
}

describe("with libzmq - either side begins anew", () => {
  test("their PUSH finds our PULL that was opened again", async () => {
    const address = await places.free();
    const push = kept(new Push({ reconnectInterval: 20, immediate: true, linger: 0 }));
    push.connect(address);
    for (const life of ["1", "2", "3"]) {
      await using ours = new Ours();
      const pull = await ours.reading("pull");
      await pull.bind(address);
      const collected = Collected.from(pull);
      await until(() => pull.peers === 1, "their PUSH");
      await push.send(life);
      await collected.until(1);
      expect(collected.texts).toEqual([life]);
    }
  });

  test("our PULL finds their PUSH that was opened again", async () => {
    await using ours = new Ours();
    const address = await places.free();
    const pull = await ours.reading("pull");
    pull.connect(address);
    const collected = Collected.from(pull);
    for (const life of [1, 2, 3]) {
      const push = await bound(new Push({ linger: 1000 }), address);
      await push.send(String(life));
      await collected.until(life);
      push.close();
      await until(() => pull.peers === 0, "the end of the connection");
    }
    expect(collected.texts).toEqual(["1", "2", "3"]);
  });

  test("their PULL finds our PUSH that was opened again", async () => {
    const address = await places.free();
    const pull = kept(new Pull({ reconnectInterval: 20 }));
    pull.connect(address);
    for (const life of ["1", "2"]) {
      await using ours = new Ours();
      const push = await ours.writing("push");
      await push.bind(address);
      await until(() => push.peers === 1, "their PULL");
      await send(push, life);
      expect(String((await inTime(pull.receive(), "a message"))[0])).toBe(life);
    }
  });
});

describe("with libzmq - subscriptions change while messages flow", () => {
  test("our SUB asks for more and for less", async () => {
    const pub = kept(await bound(new XPublisher({ linger: 0 }), await places.free()));
    const sub = kept(await openSocket("sub", { connect: pub.lastEndpoint as string, topics: ["a"] }));
    const heard = async (): Promise<string> => String((await inTime(pub.receive(), "a subscription"))[0]);
    expect(await heard()).toBe("\u0001a");
    const got: string[] = [];
    const reading = (async () => {
      for await (const [topic] of sub) got.push(String(Buffer.from(topic as Uint8Array)));
    })();
    const round = async (number: number): Promise<void> => {
      for (const topic of ["a", "b", "c"]) await pub.send(`${topic}${number}`);
    };
    await round(1);
    sub.subscribe("b");
    expect(await heard()).toBe("\u0001b");
    await round(2);
    // What comes later than the end of a subscription is left out here too.
    await until(() => got.at(-1) === "b2", "the second round");
    // Of what was asked for twice the first end is no end.
    sub.subscribe("a");
    sub.unsubscribe("a");
    sub.unsubscribe("b");
    expect(await heard()).toBe("\u0000b");
    await round(3);
    sub.subscribe("");
    expect(await heard()).toBe("\u0001");
    await round(4);
    await until(() => got.at(-1) === "c4", "the last message");
    expect(got).toEqual(["a1", "a2", "b2", "a3", "a4", "b4", "c4"]);
    await sub.close();
    await reading;
  });

  test("their SUB asks for more and for less, a hundred times", async () => {
    await using ours = new Ours();
    const pub = await ours.writing("pub");
    const heard = heardBy(pub);
    const sub = kept(new Subscriber());
    sub.connect(await pub.bind("tcp://127.0.0.1:*"));
    sub.subscribe("end");
    for (let index = 0; index < 100; index += 1) {
      sub.subscribe(`t${index}`);
      if (index >= 10) sub.unsubscribe(`t${index - 10}`);
      pub.take([Buffer.from(`t${index}`)]);
      await turns(1);
    }
    await until(() => heard.filter((one) => one.startsWith("-")).length === 90, "all changes");
    for (let index = 0; index < 100; index += 1) pub.take([Buffer.from(`t${index}.`)]);
    pub.take([Buffer.from("end")]);
    const got: string[] = [];
    while (got.at(-1) !== "end") got.push(String((await inTime(sub.receive(), "a message"))[0]));
    const last = got.filter((topic) => topic.endsWith("."));
    // "t9" asks for "t90" and on too, but it is over by now.
    expect(last).toEqual(Array.from({ length: 10 }, (_, index) => `t${index + 90}.`));
  });
});

describe("a peer of version 3.0", () => {
  /** Calls as a socket of an older kind would. */
  function caller(address: string, type: string, ...bytes: Uint8Array[]): { socket: TcpSocket; said: () => Buffer } {
    const socket = createConnection(Number(address.split(":").at(-1)), "127.0.0.1");
    kept({ close: () => socket.destroy() });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => undefined);
    socket.write(Buffer.concat([hello(type, [3, 0]), ...bytes]));
    return { socket, said: () => Buffer.concat(chunks) };
  }

  test("is asked by a message, and its messages come", async () => {
    await using ours = new Ours();
    const sub = await ours.reading("sub");
    sub.subscribe("a");
    const { said } = caller(await sub.bind("tcp://127.0.0.1:*"), "PUB", message("a1", "x"), message("b1", "y"));
    const collected = Collected.from(sub);
    await collected.until(1);
    sub.subscribe("b");
    await until(() => said().includes(Buffer.concat([frame("\u0001a"), frame("\u0001b")])), "two subscriptions");
    expect(said().includes("SUBSCRIBE")).toBe(false);
    expect(collected.texts).toEqual(["a1|x"]);
  });

  test("asks by a message, and takes that back", async () => {
    await using ours = new Ours();
    const pub = await ours.writing("pub");
    const heard = heardBy(pub);
    const { socket, said } = caller(await pub.bind("tcp://127.0.0.1:*"), "SUB", message("\u0001a"));
    await until(() => heard.length === 1, "a subscription");
    for (const topic of ["a1", "b1"]) pub.take([Buffer.from(topic), Buffer.from("x")]);
    await until(() => said().includes(message("a1", "x")), "a message");
    socket.write(Buffer.concat([message("\u0001b"), message("\u0000a")]));
    await until(() => heard.length === 3, "two changes");
    for (const topic of ["a2", "b2"]) pub.take([Buffer.from(topic), Buffer.from("x")]);
    await until(() => said().includes(message("b2", "x")), "a message");
    expect(said().includes("a2")).toBe(false);
    expect(said().includes("b1")).toBe(false);
    expect(heard).toEqual(["+a", "+b", "-a"]);
  });

  test("pulls and pushes as any other", async () => {
    await using ours = new Ours();
    const [push, pull] = [await ours.writing("push"), await ours.reading("pull")];
    const { said } = caller(await push.bind("tcp://127.0.0.1:*"), "PULL");
    await until(() => push.peers === 1, "a puller");
    await send(push, "one", Buffer.alloc(300, 1));
    await until(() => said().includes(message("one", Buffer.alloc(300, 1))), "a message");
    caller(await pull.bind("tcp://127.0.0.1:*"), "PUSH", message("two", Buffer.alloc(70_000, 2)));
    const collected = Collected.from(pull);
    await collected.until(1);
    expect(collected.messages[0]?.map(({ length }) => length)).toEqual([3, 70_000]);
  });
});
