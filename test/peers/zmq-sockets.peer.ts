import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openSocket, type ZmqSocketOptions, type ZmqSocketType } from "arroyojs/zmq";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { inTime } from "../../src/testing/conformance/until.ts";
import { Places } from "../transports/zmq/places.ts";
import { type Frame, holdTalk, type Open, type Side, TALKS } from "../transports/zmq/talks.ts";

const PATIENCE_MS = 20_000;
const script = fileURLToPath(new URL("../../scripts/peers/zmq_socket.py", import.meta.url));

/** Is a socket of pyzmq in a process of its own. */
class PySocket implements Side {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  static async open(type: ZmqSocketType, { bind, connect, identity }: ZmqSocketOptions): Promise<PySocket> {
    const python = process.env["ARROYO_PEERS_PYTHON"];
    if (python === undefined) throw new Error("these tests need their own Python: npm run test:peers");
    const where = bind === undefined ? ["connect", String(connect)] : ["bind", String(bind)];
    const name = identity === undefined ? [] : [String(identity)];
    const child = spawn(python, [script, type, ...where, ...name], { stdio: ["pipe", "pipe", "inherit"] });
    const socket = new PySocket(child);
    await socket.#line(`pyzmq to open its ${type}`);
    return socket;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  async send(...frames: Frame[]): Promise<void> {
    await this.#order({ send: frames.map((frame) => Buffer.from(frame as Uint8Array).toString("base64")) }, "to send");
  }

  async receive(): Promise<Uint8Array[]> {
    const { frames } = (await this.#order({ receive: true }, "to receive")) as { frames: string[] };
    return frames.map((frame) => Buffer.from(frame, "base64"));
  }

  subscribe(topic: string): void {
    void this.#order({ subscribe: topic }, "to subscribe");
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await inTime(once(this.#child, "exit"), "pyzmq to end", PATIENCE_MS);
    expect(this.#child.exitCode).toBe(0);
  }

  /** One order after the other, and an answer for each. */
  #order(order: object, what: string): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    this.#last = this.#last.then(() => this.#line(`pyzmq ${what}`));
    return this.#last;
  }

  async #line(what: string): Promise<unknown> {
    const { value, done } = await inTime(this.#lines.next(), what, PATIENCE_MS);
    if (done === true) throw new Error(`${what}: it ended`);
    return JSON.parse(value as string) as unknown;
  }
}

const places = new Places();
afterAll(() => places[Symbol.asyncDispose]());
const open: Side[] = [];
const troubles: string[] = [];

afterEach(async () => {
  for (const side of open.splice(0)) await side.close();
  troubles.length = 0;
});

const ours: Open = async (type, options) => {
  const normal = { onWarning: (message: string) => troubles.push(message), lingerMs: 1000 };
  const socket = await openSocket(type, { ...normal, ...(type === "sub" ? { topics: [] } : {}), ...options });
  const side: Side = {
    send: (...frames) => socket.send(frames),
    receive: () => inTime(socket.receive(), `a message at our ${type}`, PATIENCE_MS),
    subscribe: (topic) => socket.subscribe(topic),
    close: () => socket.close(),
  };
  open.push(side);
  return side;
};

const theirs: Open = async (type, options) => {
  const side = await PySocket.open(type, options);
  open.push(side);
  return side;
};

for (const talk of TALKS) {
  const { left, right } = talk;
  describe(`${left} and ${right}, with pyzmq`, () => {
    for (const [transport, leftBinds] of [
      ["tcp", true],
      ["tcp", false],
      ["ipc", true],
    ] as const) {
      const who = leftBinds ? left : right;
      for (const [what, openLeft, openRight] of [
        [`our ${left}, their ${right}`, ours, theirs],
        [`their ${left}, our ${right}`, theirs, ours],
      ] as const) {
        test(`${transport}, the ${who} binds - ${what}`, async () => {
          await holdTalk(talk, await places.free(transport), openLeft, openRight, leftBinds);
          expect(troubles).toEqual([]);
        });
      }
    }
  });
}
