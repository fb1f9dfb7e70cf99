import { createConnection } from "node:net";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { ConnectionError, UsageError } from "../../../src/errors.ts";
import { inTime, turns, until } from "../../../src/testing/conformance/until.ts";
import { openSocket, type ZmqSocketOptions } from "../../../src/transports/zmq/open-socket.ts";
import type { ZmqFrames, ZmqSocket, ZmqSocketType } from "../../../src/transports/zmq/zmq-socket.ts";
import { Places } from "./places.ts";
import { hello, message } from "./zmtp/wire.ts";

const places = new Places();
afterAll(() => places[Symbol.asyncDispose]());
const open: { close(): unknown }[] = [];
const troubles: string[] = [];

afterEach(async () => {
  for (const socket of open.splice(0)) await socket.close();
  troubles.length = 0;
});

async function opened(type: ZmqSocketType, options: ZmqSocketOptions): Promise<ZmqSocket> {
  const onWarning = (text: string) => void troubles.push(text);
  const socket = await openSocket(type, { onWarning, lingerMs: 0, reconnectMaxMs: 50, ...options });
  open.push(socket);
  return socket;
}

const here = (socket: ZmqSocket): string => socket.endpoints[0] as string;

async function next(socket: ZmqSocket): Promise<string> {
  const frames = await inTime(socket.receive(), `a message at the ${socket.type}`);
  return frames.map((frame) => Buffer.from(frame).toString()).join("|");
}

async function refusal(doing: Promise<unknown>): Promise<unknown> {
  return doing.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A raw peer that says something at once, and stays. */
function caller(address: string, ...bytes: Uint8Array[]) {
  const socket = createConnection(Number(address.split(":").at(-1)), "127.0.0.1");
  socket.on("error", () => undefined).resume();
  socket.write(Buffer.concat(bytes));
  open.push({ close: () => socket.destroy() });
  return socket;
}

describe("push - gives out", () => {
  test("in turn, to those who are there", async () => {
    const pulls = [await opened("pull", { bind: "tcp://127.0.0.1:*" }), await opened("pull", { bind: "ipc://*" })];
    const push = await opened("push", { connect: pulls.map(here) });
    await until(() => push.peers === 2, "both");
    for (let index = 0; index < 6; index += 1) await push.send(String(index));
    const [one, other] = pulls as [ZmqSocket, ZmqSocket];
    const first = [await next(one), await next(one), await next(one)];
    const second = [await next(other), await next(other), await next(other)];
    expect([first, second].sort()).toEqual([
      ["0", "2", "4"],
      ["1", "3", "5"],
    ]);
  });

  test("to others, where one is full; and waits where all are", async () => {
    const push = await opened("push", { bind: "tcp://127.0.0.1:*", maxMessages: 1 });
    const full = await opened("pull", { connect: here(push), maxMessages: 1 });
    await until(() => push.peers === 1, "the first");
    const large = Buffer.alloc(8_000_000);
    const stop = new AbortController();
    let sent = 0;
    const sending = (async () => {
      for (;;) {
        await push.send(large, { signal: stop.signal });
        sent += 1;
      }
    })().catch((error: unknown) => error);
    await until(() => sent > 0, "the first message");
    await turns(50);
    const before = sent;
    expect(before).toBeLessThan(10);
    const empty = await opened("pull", { connect: here(push) });
    await inTime(empty.receive(), "a message at the other one");
    stop.abort();
    expect(await sending).toMatchObject({ code: "ABORTED" });
    expect(full.peers).toBe(1);
  });
});

describe("every receiver - takes", () => {
  test("one message of each in turn", async () => {
    const pull = await opened("pull", { bind: "tcp://127.0.0.1:*" });
    for (const name of ["a", "b", "c"]) {
      caller(here(pull), hello("PUSH"), ...Array.from({ length: 3 }, () => message(name)));
    }
    await until(() => pull.peers === 3, "three");
    await turns(20);
    const got: string[] = [];
    for (let index = 0; index < 9; index += 1) got.push(await next(pull));
    for (const third of [0, 3, 6]) expect(got.slice(third, third + 3).sort()).toEqual(["a", "b", "c"]);
  });

  test("no more than its bounds before somebody asks, and then all in order", async () => {
    const pull = await opened("pull", { bind: "tcp://127.0.0.1:*", maxMessages: 3 });
    const push = await opened("push", { connect: here(pull), maxMessages: 3 });
    let sent = 0;
    const sending = (async () => {
      for (let index = 0; index < 60; index += 1) {
        await push.send([String(index), Buffer.alloc(500_000)]);
        sent += 1;
      }
    })();
    await until(() => sent > 3, "a few");
    await turns(50);
    expect(sent).toBeLessThan(50);
    for (let index = 0; index < 60; index += 1) {
      const [number] = await inTime(pull.receive(), "a message");
      expect(Buffer.from(number as Uint8Array).toString()).toBe(String(index));
    }
    await sending;
  });

  test("whole messages of one who went, and nothing of a half one", async () => {
    const pull = await opened("pull", { bind: "tcp://127.0.0.1:*" });
    const socket = caller(here(pull), hello("PUSH"), message("a", "b"), message("c"), message("d", "e").subarray(0, 4));
    await until(() => pull.peers === 1, "it");
    socket.end();
    await until(() => pull.peers === 0, "its end");
    expect([await next(pull), await next(pull)]).toEqual(["a|b", "c"]);
    expect(await refusal(pull.receive({ signal: AbortSignal.timeout(20) }))).toMatchObject({ code: "ABORTED" });
  });
});

describe("req and rep", () => {
  test("a question without an answer is a retryable error when the connection ends, and can be asked again", async () => {
    const address = await places.free();
    const req = await opened("req", { connect: address });
    const first = await opened("rep", { bind: address });
    await req.send("next");
    expect(await next(first)).toBe("next");
    const waiting = refusal(req.receive());
    await first.close();
    const error = (await inTime(waiting, "the error")) as ConnectionError;
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.retryable).toBe(true);
    const second = await opened("rep", { bind: address });
    await req.send("next");
    expect(await next(second)).toBe("next");
    await second.send("data");
    expect(await next(req)).toBe("data");
  });

  test("each has its turn: anything else is an error that says what to do", async () => {
    const rep = await opened("rep", { bind: "tcp://127.0.0.1:*" });
    const req = await opened("req", { connect: here(rep) });
    expect(await refusal(req.receive())).toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("send a question"),
    });
    expect(await refusal(rep.send("a"))).toMatchObject({
      message: expect.stringContaining("receive a question first"),
    });
    await req.send("q");
    expect(await refusal(req.send("q"))).toMatchObject({
      message: expect.stringContaining("receive the answer first"),
    });
    expect(await next(rep)).toBe("q");
    expect(await refusal(rep.receive())).toMatchObject({ message: expect.stringContaining("send the answer first") });
  });

  test("questions go round", async () => {
    const reps = [await opened("rep", { bind: "ipc://*" }), await opened("rep", { bind: "ipc://*" })];
    const req = await opened("req", { connect: reps.map(here) });
    await until(() => req.peers === 2, "both");
    for (const [index, rep] of reps.entries()) {
      void (async () => {
        for await (const _question of rep) await rep.send(String(index));
      })();
    }
    const answers: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      await req.send("?");
      answers.push(await next(req));
    }
    expect(answers.slice(0, 2).sort()).toEqual(["0", "1"]);
    expect(answers.slice(2)).toEqual(answers.slice(0, 2));
  });

  test("an answer without the empty frame ends the connection, a question without one is passed over", async () => {
    const rep = await opened("rep", { bind: "tcp://127.0.0.1:*" });
    caller(here(rep), hello("DEALER"), message("no way back"), message("", "question"));
    expect(await next(rep)).toBe("question");
    const router = await opened("router", { bind: "tcp://127.0.0.1:*" });
    const req = await opened("req", { connect: here(router) });
    await req.send("q");
    const [name] = await inTime(router.receive(), "the question");
    await router.send([name as Uint8Array, "answer"]);
    expect(await inTime(refusal(req.receive()), "the error")).toBeInstanceOf(ConnectionError);
    expect(troubles[0]).toContain("does not begin with an empty frame");
  });
});

describe("router", () => {
  test("mandatory - says that nobody has the name", async () => {
    const router = await opened("router", { bind: "ipc://*", mandatory: true });
    expect(await refusal(router.send(["nobody", "a"]))).toMatchObject({ code: "CONNECTION", retryable: true });
    expect(await refusal(router.send("a"))).toBeInstanceOf(UsageError);
  });

  test("a name that is in use - is refused", async () => {
    const router = await opened("router", { bind: "tcp://127.0.0.1:*" });
    const first = await opened("dealer", { connect: here(router), identity: "me" });
    await first.send("1");
    expect(await next(router)).toBe("me|1");
    await opened("dealer", { connect: here(router), identity: "me" });
    await until(() => troubles.length > 0, "trouble");
    expect(troubles[0]).toMatch(/has a name that another connection has already/);
    await router.send(["me", "still"]);
    expect(await next(first)).toBe("still");
  });

  test("handover - gives it to who comes later", async () => {
    const router = await opened("router", { bind: "tcp://127.0.0.1:*", handover: true });
    const first = await opened("dealer", { connect: here(router), identity: "me", reconnectMaxMs: 60_000 });
    await first.send("1");
    expect(await next(router)).toBe("me|1");
    await first.close();
    const second = await opened("dealer", { connect: here(router), identity: "me" });
    await second.send("2");
    expect(await next(router)).toBe("me|2");
    await router.send(["me", "for the second"]);
    expect(await next(second)).toBe("for the second");
  });
});

describe("pair, sub, xpub", () => {
  test("a pair is for two: a third one is refused until one goes", async () => {
    const one = await opened("pair", { bind: "tcp://127.0.0.1:*" });
    const other = await opened("pair", { connect: here(one) });
    await other.send("hello");
    expect(await next(one)).toBe("hello");
    const third = await opened("pair", { connect: here(one) });
    await until(() => troubles.some((text) => text.includes("a PAIR is for two")), "the refusal");
    expect(one.peers).toBe(1);
    await other.close();
    // What is sent before the end of the other one was noticed goes with it.
    let isOver = false;
    const welcomed = next(third).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await one.send("welcome");
      await turns(1);
    }
    expect(await welcomed).toBe("welcome");
  });

  test("an xpub hears the first who asks and the last who leaves, and no more", async () => {
    const xpub = await opened("xpub", { bind: "inproc://wishes" });
    const subs: ZmqSocket[] = [];
    for (let count = 0; count < 3; count += 1) subs.push(await opened("sub", { connect: here(xpub), topics: ["a"] }));
    expect(await next(xpub)).toBe("\u0001a");
    await until(() => xpub.peers === 3, "three");
    const [one, two, three] = subs as [ZmqSocket, ZmqSocket, ZmqSocket];
    one.subscribe("a");
    one.unsubscribe("a");
    await xpub.send("a1");
    expect(await next(one)).toBe("a1");
    one.unsubscribe("a");
    await two.close();
    await three.close();
    expect(await next(xpub)).toBe("\u0000a");
    expect(await refusal(xpub.receive({ signal: AbortSignal.timeout(20) }))).toMatchObject({ code: "ABORTED" });
  });

  test("peers of version 3.0 are told subscriptions by messages, and may tell theirs so", async () => {
    const xsub = await opened("xsub", { bind: "tcp://127.0.0.1:*" });
    const heard: Buffer[] = [];
    caller(here(xsub), hello("PUB", [3, 0])).on("data", (bytes: Buffer) => heard.push(bytes));
    await until(() => xsub.peers === 1, "the publisher");
    await xsub.send("\u0001a");
    xsub.unsubscribe("a");
    const told = Buffer.concat([message("\u0001a"), message("\u0000a")]);
    await until(() => Buffer.concat(heard).includes(told), "a subscription and its end");
    const xpub = await opened("xpub", { bind: "tcp://127.0.0.1:*" });
    caller(here(xpub), hello("SUB", [3, 0]), message("\u0001a"), message("\u0000a"), message("\u0001b"));
    const news = [await next(xpub)];
    while (!news.includes("\u0001b")) news.push(await next(xpub));
    expect(news.filter((one) => one.endsWith("b"))).toEqual(["\u0001b"]);
  });

  test("garbage, and who sends too much of anything, ends his own connection and no other", async () => {
    const router = await opened("router", { bind: "tcp://127.0.0.1:*", maxMessageBytes: 1000 });
    const dealer = await opened("dealer", { connect: here(router), identity: "honest" });
    await dealer.send("1");
    expect(await next(router)).toBe("honest|1");
    const hostile = [
      caller(here(router), Buffer.from("GET / HTTP/1.1\r\n\r\n")),
      caller(here(router), hello("DEALER"), message(Buffer.alloc(500), Buffer.alloc(501))),
      caller(here(router), hello("DEALER"), message(...Array(10_001).fill(""))),
      caller(here(router), hello("SUB")),
      caller(here(router), hello("DEALER"), Buffer.alloc(9, 0xff)),
    ];
    await until(() => hostile.every(({ closed }) => closed), "the ends of all of them");
    await dealer.send("2");
    expect(await next(router)).toBe("honest|2");
    expect(router.peers).toBe(1);
  });

  test("the wrong kind is named", async () => {
    const rep = await opened("rep", { bind: "tcp://127.0.0.1:*" });
    await opened("pair", { connect: here(rep) });
    await until(() => troubles.length > 1, "trouble on both sides");
    const told = troubles.join("\n");
    expect(told).toMatch(/ZmqSocket pair: a connection (is a REP|ended before .*); a PAIR can only talk to PAIR/);
    expect(told).toMatch(
      /ZmqSocket rep: a connection .*(is a PAIR|ended before .*); a REP can only talk to REQ or DEALER/,
    );
  });
});

describe("send", () => {
  test("one that is given up behind another does not change the order", async () => {
    const address = await places.free("ipc");
    const pair = await opened("pair", { bind: address });
    const first = pair.send("first");
    const stop = new AbortController();
    const second = refusal(pair.send("second", { signal: stop.signal }));
    stop.abort();
    expect(await inTime(second, "the end of the second")).toMatchObject({ code: "ABORTED" });
    const third = pair.send("third");
    const other = await opened("pair", { connect: address });
    expect([await next(other), await next(other)]).toEqual(["first", "third"]);
    await Promise.all([first, third]);
  });

  test("calls that do not wait for one another keep their order", async () => {
    const pull = await opened("pull", { bind: "ipc://*", maxMessages: 5 });
    const push = await opened("push", { connect: here(pull), maxMessages: 5 });
    const all = Promise.all(
      Array.from({ length: 100 }, (_, index) => push.send([String(index), Buffer.alloc(50_000)])),
    );
    for (let index = 0; index < 100; index += 1) {
      const [number] = await inTime(pull.receive(), "a message");
      expect(Buffer.from(number as Uint8Array).toString()).toBe(String(index));
    }
    await all;
  });
});

describe("close", () => {
  test("what was sent to somebody who comes in time arrives; else close says no", async () => {
    const address = await places.free("ipc");
    const push = await opened("push", { connect: address, lingerMs: 5000 });
    await push.send("late");
    const closing = push.close();
    const pull = await opened("pull", { bind: address });
    expect(await next(pull)).toBe("late");
    expect(await inTime(closing, "the end")).toBe(true);
    const lost = await opened("push", { connect: await places.free("ipc"), lingerMs: 20 });
    await lost.send("to nobody");
    expect(await inTime(lost.close(), "the end")).toBe(false);
  });

  test("ends every wait, and the loop over messages", async () => {
    const req = await opened("req", { connect: await places.free() });
    const pull = await opened("pull", { bind: "ipc://*" });
    const waits = [refusal(req.send("q")), refusal(pull.receive())];
    const loop = (async () => {
      for await (const _frames of pull);
    })();
    await Promise.all([req.close(), pull.close()]);
    for (const wait of waits) expect(await inTime(wait, "an end")).toMatchObject({ code: "ABORTED" });
    await inTime(loop, "the end of the loop");
    expect(await refusal(req.send("q"))).toMatchObject({ code: "ABORTED" });
  });
});

test("plain - names and passwords, also for sockets of their own", async () => {
  const rep = await opened("rep", { bind: "tcp://127.0.0.1:*", plain: { users: { sim: "secret" } } });
  await opened("req", { connect: here(rep), plain: { username: "sim", password: "guess" } });
  await until(() => troubles.length > 1, "the refusal");
  expect(troubles.join()).toContain("refused us: 400");
  const req = await opened("req", { connect: here(rep), plain: { username: "sim", password: "secret" } });
  await req.send("q");
  expect(await next(rep)).toBe("q");
});

describe("options - refused", () => {
  const HERE = "tcp://127.0.0.1:5555";
  for (const [type, options, words] of [
    ["stream", { connect: HERE }, /type: expected one of pub, sub, .*got "stream"/],
    ["req", {}, /has no address/],
    ["req", { conect: HERE }, /did you mean "connect"/],
    ["req", { connect: HERE, curve: {} }, /curve: these sockets are those of the engine "zmtp"; for CURVE/],
    ["req", { connect: HERE, topics: ["a"] }, /topics: only a sub has them/],
    ["sub", { connect: HERE, topics: "a" }, /topics: expected a list of texts/],
    ["sub", { connect: HERE, identity: "a" }, /identity: only req, dealer, router have one/],
    ["req", { connect: HERE, identity: "\u0000a" }, /identity: expected 1 to 255 bytes/],
    ["req", { connect: HERE, mandatory: true }, /mandatory: only a router has it/],
    ["req", { connect: HERE, maxMessages: 0 }, /maxMessages: expected a whole number from 1 on/],
    ["req", { connect: HERE, onWarning: 1 }, /onWarning: expected a function/],
  ] as const) {
    test(`${type} ${JSON.stringify(options)}`, async () => {
      const error = (await refusal(openSocket(type as ZmqSocketType, options as ZmqSocketOptions))) as Error;
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toMatch(words);
    });
  }

  test("what is no frame, or none at all", async () => {
    const push = await opened("push", { bind: "ipc://*" });
    expect(await refusal(push.send([]))).toBeInstanceOf(UsageError);
    expect(await refusal(push.send([7 as unknown as string] as ZmqFrames))).toBeInstanceOf(UsageError);
    expect(await refusal(push.receive())).toMatchObject({ message: expect.stringContaining("take a pull") });
    expect(() => push.subscribe("a")).toThrow(/has no subscriptions/);
  });
});
