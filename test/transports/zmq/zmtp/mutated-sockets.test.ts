import type { Duplex } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { inTime, until } from "../../../../src/testing/conformance/until.ts";
import { openSocket } from "../../../../src/transports/zmq/open-socket.ts";
import type { ZmqSocket, ZmqSocketType } from "../../../../src/transports/zmq/zmq-socket.ts";
import { callInside } from "../../../../src/transports/zmq/zmtp/inproc.ts";
import { Places } from "../places.ts";
import { dice, mutated } from "./mutation.ts";
import { conversation, frame } from "./wire.ts";

const EACH = process.env["ARROYO_LONG"] === "1" ? 10_000 : 1_000;
const SEED = Number(process.env["ARROYO_SEED"] ?? 1);
const AT_ONCE = 50;
const GROWTH_BYTES = 32 * 1024 * 1024;

/** Each kind of socket with one that may talk to it. */
const PARTNERS: Readonly<Record<ZmqSocketType, ZmqSocketType>> = {
  pub: "sub",
  sub: "pub",
  xpub: "xsub",
  xsub: "xpub",
  push: "pull",
  pull: "push",
  pair: "pair",
  req: "rep",
  rep: "req",
  dealer: "rep",
  router: "dealer",
};

/** What an application does: reads all the time, and answers where that is its part. */
async function use(socket: ZmqSocket): Promise<void> {
  const { type } = socket;
  if (type === "push" || type === "pub") return;
  if (type === "req") {
    for (;;) {
      await socket.send("question");
      await socket.receive().catch(() => undefined);
    }
  }
  for await (const frames of socket) if (type === "rep" || type === "router") await socket.send(frames);
}

/** Calls a socket, and says something in pieces. */
function say(name: string, bytes: Buffer, piece: number): Duplex {
  const stream = callInside(name) as Duplex;
  stream.on("error", () => undefined).resume();
  for (let at = 0; at < bytes.length; at += piece) stream.write(Uint8Array.from(bytes.subarray(at, at + piece)));
  return stream;
}

/** Shows that one who speaks properly is served as ever. */
async function isServed(socket: ZmqSocket, address: string): Promise<void> {
  const { type } = socket;
  await using other = await openSocket(PARTNERS[type], { connect: address, lingerMs: 0 });
  await until(() => socket.peers === 1 && other.peers === 1, "an honest peer", 5000);
  if (type === "rep" || type === "router") {
    await other.send("honest");
    expect(Buffer.concat(await inTime(other.receive(), "an answer")).toString()).toBe("honest");
  }
}

let collect: (() => void) | undefined;

/** Memory that is in use after everything was collected. */
async function usedBytes(): Promise<number> {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  for (let turn = 0; turn < 5; turn += 1) {
    await setImmediate();
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

for (const type of Object.keys(PARTNERS) as ZmqSocketType[]) {
  test(`${type} - ${EACH} mutated conversations break and leave nothing`, async () => {
    await using places = new Places();
    const address = await places.free("inproc");
    const roll = dice(SEED + type.length * 31 + type.charCodeAt(0));
    const partner = PARTNERS[type].toUpperCase();
    // What is asked comes behind an empty frame.
    const question = Buffer.concat([frame("", true), frame("question")]);
    const said = Buffer.concat([conversation(partner), question]);
    const warned = new Set<string>();
    const socket = await openSocket(type, {
      bind: address,
      maxMessageBytes: 200_000,
      lingerMs: 0,
      onWarning: (message) => warned.add(message),
    });
    let failed: unknown;
    let isOver = false;
    use(socket).catch((error: unknown) => {
      if (!isOver) failed = error;
    });
    let before = 0;
    for (let done = 0; done < EACH; done += AT_ONCE) {
      if (done === EACH / 2) before = await usedBytes();
      const streams = Array.from({ length: AT_ONCE }, () =>
        say(address.slice("inproc://".length), mutated(said, roll), 1 + roll(80_000)),
      );
      for (let turn = 0; turn < 5; turn += 1) await setImmediate();
      for (const stream of streams) stream.destroy();
      await until(() => socket.peers === 0, `seed ${SEED}: all to be gone after ${done + AT_ONCE}`, 5000);
    }
    expect((await usedBytes()) - before).toBeLessThan(GROWTH_BYTES);
    expect(warned.size).toBeGreaterThan(3);
    expect(failed).toBeUndefined();
    await isServed(socket, address);
    isOver = true;
    await inTime(socket.close(), "the socket to close");
  }, 120_000);
}
