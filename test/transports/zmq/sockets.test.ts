import { afterAll, afterEach, describe, expect, test } from "vitest";
import * as zeromq from "zeromq";
import { inTime } from "../../../src/testing/conformance/until.ts";
import { openSocket, type ZmqSocketOptions } from "../../../src/transports/zmq/open-socket.ts";
import type { ZmqSocket, ZmqSocketType } from "../../../src/transports/zmq/zmq-socket.ts";
import { Places } from "./places.ts";
import { type Frame, holdTalk, type Open, type Side, TALKS } from "./talks.ts";

const places = new Places();
afterAll(() => places[Symbol.asyncDispose]());
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

for (const talk of TALKS) {
  const { left, right } = talk;
  async function run(transport: "tcp" | "ipc" | "inproc", openLeft: Open, openRight: Open, leftBinds: boolean) {
    await holdTalk(talk, await places.free(transport), openLeft, openRight, leftBinds);
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
