import { afterEach, describe, expect, test } from "vitest";
import * as zeromq from "zeromq";
import { inTime, turns } from "../../../src/testing/conformance/until.ts";
import { openSocket, type ZmqSocketOptions } from "../../../src/transports/zmq/open-socket.ts";
import type { ZmqSocket, ZmqSocketType } from "../../../src/transports/zmq/zmq-socket.ts";
import { Places } from "./places.ts";

type Frame = string | Uint8Array;

/** Is one end of a conversation, ours or that of the package. */
interface Side {
  send(...frames: Frame[]): Promise<void>;
  receive(): Promise<Uint8Array[]>;
  subscribe(topic: string): void;
  close(): unknown;
}

const places = new Places();
const open: { close(): unknown }[] = [];
const troubles: string[] = [];

afterEach(async () => {
  for (const side of open.splice(0)) await side.close();
  troubles.length = 0;
});

function kept<S extends { close(): unknown }>(side: S): S {
  open.push(side);
  return side;
}

async function ours(type: ZmqSocketType, options: ZmqSocketOptions): Promise<Side & { readonly socket: ZmqSocket }> {
  const normal = { onWarning: (message: string) => troubles.push(message), lingerMs: 1000 };
  const socket = await openSocket(type, { ...normal, ...(type === "sub" ? { topics: [] } : {}), ...options });
  return kept({
    socket,
    send: (...frames: Frame[]) => socket.send(frames),
    receive: () => inTime(socket.receive(), `a message at our ${type}`),
    subscribe: (topic: string) => socket.subscribe(topic),
    close: () => socket.close(),
  });
}

const THEIRS = {
  pub: zeromq.Publisher,
  sub: zeromq.Subscriber,
  xpub: zeromq.XPublisher,
  xsub: zeromq.XSubscriber,
  push: zeromq.Push,
  pull: zeromq.Pull,
  pair: zeromq.Pair,
  req: zeromq.Request,
  rep: zeromq.Reply,
  dealer: zeromq.Dealer,
  router: zeromq.Router,
} as const;

async function theirs(type: ZmqSocketType, { bind, connect, identity }: ZmqSocketOptions): Promise<Side> {
  const Type = THEIRS[type] as unknown as new (options: object) => zeromq.Dealer & zeromq.Subscriber;
  const socket = new Type({ linger: 1000, ...(identity === undefined ? {} : { routingId: identity }) });
  if (bind !== undefined) await socket.bind(bind as string);
  if (connect !== undefined) socket.connect(connect as string);
  return kept({
    send: (...frames: Frame[]) => socket.send(frames as Buffer[]),
    receive: () => inTime(socket.receive() as Promise<Uint8Array[]>, `a message at their ${type}`),
    subscribe: (topic: string) => {
      if (type === "sub") socket.subscribe(topic);
      else void socket.send(`\u0001${topic}`);
    },
    close: () => socket.close(),
  });
}

function texts(frames: readonly Uint8Array[]): readonly string[] {
  return frames.map((frame) => Buffer.from(frame).toString());
}

/** Lengths on both sides of every border: short and long heads, own buffers, blocks. */
const LENGTHS = [0, 1, 255, 256, 33_000, 300_000];

async function oneWay(from: Side, to: Side): Promise<void> {
  const sending = (async () => {
    for (const [index, length] of LENGTHS.entries()) await from.send(`m${index}`, Buffer.alloc(length, index));
  })();
  for (const [index, length] of LENGTHS.entries()) {
    const [name, body] = await to.receive();
    expect(texts([name as Uint8Array])).toEqual([`m${index}`]);
    expect(Buffer.alloc(length, index).equals(body as Uint8Array)).toBe(true);
  }
  await sending;
}

async function bothWays(left: Side, right: Side): Promise<void> {
  await oneWay(left, right);
  await oneWay(right, left);
}

/** One asks thrice and is answered. */
async function dialogue(asker: Side, answerer: Side): Promise<void> {
  for (const round of ["1", "2", "3"]) {
    await asker.send("next", round);
    expect(texts(await answerer.receive())).toEqual(["next", round]);
    await answerer.send("data", round, "");
    expect(texts(await asker.receive())).toEqual(["data", round, ""]);
  }
}

/** Sends until something comes: most cannot see who is there for them. */
async function sentUntil(coming: Promise<Uint8Array[]>, send: () => Promise<void>): Promise<readonly string[]> {
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  coming.then(end, end);
  while (!isOver) {
    await send();
    await turns(1);
  }
  return texts(await coming);
}

async function published(from: Side, to: Side): Promise<void> {
  to.subscribe("a");
  const first = await sentUntil(to.receive(), async () => {
    await from.send("b", "no");
    await from.send("a", "yes");
  });
  expect(first).toEqual(["a", "yes"]);
  await from.send("b", "no");
  await from.send("ab", "last");
  let last = await to.receive();
  while (texts(last)[0] === "a") last = await to.receive();
  expect(texts(last)).toEqual(["ab", "last"]);
}

async function subscribed(from: Side, to: Side): Promise<void> {
  to.subscribe("a");
  const first = to.receive();
  expect(texts(await from.receive())).toEqual(["\u0001a"]);
  await from.send("b", "no");
  await from.send("a1", "yes");
  expect(texts(await first)).toEqual(["a1", "yes"]);
}

interface Talk {
  readonly left: ZmqSocketType;
  readonly right: ZmqSocketType;
  readonly talk: (left: Side, right: Side) => Promise<void>;
}

const TALKS: readonly Talk[] = [
  { left: "push", right: "pull", talk: oneWay },
  { left: "pair", right: "pair", talk: bothWays },
  { left: "dealer", right: "dealer", talk: bothWays },
  { left: "req", right: "rep", talk: dialogue },
  {
    left: "req",
    right: "router",
    talk: async (req, router) => {
      await req.send("question");
      const [name, ...rest] = await router.receive();
      expect(name?.[0]).toBe(0);
      expect(name?.length).toBe(5);
      expect(texts(rest)).toEqual(["", "question"]);
      await router.send(name as Uint8Array, "", "answer");
      expect(texts(await req.receive())).toEqual(["answer"]);
    },
  },
  {
    left: "dealer",
    right: "rep",
    talk: async (dealer, rep) => {
      await dealer.send("way", "back", "", "question");
      expect(texts(await rep.receive())).toEqual(["question"]);
      await rep.send("answer");
      expect(texts(await dealer.receive())).toEqual(["way", "back", "", "answer"]);
    },
  },
  {
    left: "dealer",
    right: "router",
    talk: async (dealer, router) => {
      await dealer.send("hello", "");
      expect(texts(await router.receive())).toEqual(["left", "hello", ""]);
      await router.send("nobody", "lost");
      await router.send("left", "answer");
      expect(texts(await dealer.receive())).toEqual(["answer"]);
    },
  },
  {
    left: "router",
    right: "router",
    talk: async (left, right) => {
      // What is sent to a name that is not known yet is dropped.
      expect(await sentUntil(right.receive(), () => left.send("right", "hello"))).toEqual(["left", "hello"]);
      await right.send("left", "answer");
      expect(texts(await left.receive())).toEqual(["right", "answer"]);
    },
  },
  { left: "pub", right: "sub", talk: published },
  { left: "pub", right: "xsub", talk: published },
  { left: "xpub", right: "sub", talk: subscribed },
  {
    left: "xpub",
    right: "xsub",
    talk: async (xpub, xsub) => {
      await subscribed(xpub, xsub);
      await xsub.send("up", "stream");
      expect(texts(await xpub.receive())).toEqual(["up", "stream"]);
    },
  },
];

type Open = (type: ZmqSocketType, options: ZmqSocketOptions) => Promise<Side>;

for (const { left, right, talk } of TALKS) {
  async function run(transport: "tcp" | "ipc" | "inproc", openLeft: Open, openRight: Open, leftBinds: boolean) {
    const address = await places.free(transport);
    const named = (type: ZmqSocketType, identity: string) =>
      type === "router" || (type === "dealer" && right === "router") ? { identity } : {};
    const ends: ZmqSocketOptions[] = [{ bind: address }, { connect: address }];
    const [one, other] = (leftBinds ? ends : ends.toReversed()) as [ZmqSocketOptions, ZmqSocketOptions];
    if (leftBinds) {
      const bound = await openLeft(left, { ...one, ...named(left, "left") });
      await talk(bound, await openRight(right, { ...other, ...named(right, "right") }));
    } else {
      const bound = await openRight(right, { ...other, ...named(right, "right") });
      await talk(await openLeft(left, { ...one, ...named(left, "left") }), bound);
    }
    expect(troubles).toEqual([]);
  }

  describe(`${left} and ${right}`, () => {
    for (const leftBinds of [true, false]) {
      const who = leftBinds ? left : right;
      for (const transport of ["tcp", "ipc"] as const) {
        test(`${transport}, the ${who} binds - our ${left}, their ${right}`, () =>
          run(transport, ours, theirs, leftBinds));
        test(`${transport}, the ${who} binds - their ${left}, our ${right}`, () =>
          run(transport, theirs, ours, leftBinds));
      }
      test(`inproc, the ${who} binds - both ours`, () => run("inproc", ours, ours, leftBinds));
    }
  });
}
