import { expect } from "vitest";
import { turns } from "../../../src/testing/conformance/until.ts";
import type { ZmqSocketOptions } from "../../../src/transports/zmq/open-socket.ts";
import type { ZmqSocketType } from "../../../src/transports/zmq/zmq-socket.ts";

export type Frame = string | Uint8Array;

/** Is one end of a conversation, ours or that of another implementation. */
export interface Side {
  send(...frames: Frame[]): Promise<void>;
  receive(): Promise<Uint8Array[]>;
  subscribe(topic: string): void;
  close(): unknown;
}

/** Makes an end. */
export type Open = (type: ZmqSocketType, options: ZmqSocketOptions) => Promise<Side>;

/** Is what two kinds of sockets have to say to each other. */
export interface Talk {
  readonly left: ZmqSocketType;
  readonly right: ZmqSocketType;
  readonly talk: (left: Side, right: Side) => Promise<void>;
}

/** Opens two ends, the one that binds first, and lets them talk. */
export async function holdTalk(
  { left, right, talk }: Talk,
  address: string,
  openLeft: Open,
  openRight: Open,
  leftBinds: boolean,
): Promise<void> {
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

/** Everything that may talk to each other, by libzmq's rules. */
export const TALKS: readonly Talk[] = [
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
