import { createServer, type Server } from "node:net";
import { describe, expect, test } from "vitest";
import { ConnectionError, UsageError } from "../../../src/errors.ts";
import { type Inlet, Listener, platformInlet, type Replay } from "../../../src/listener/listener.ts";
import { Event } from "../../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../../src/message/limits.ts";
import type { AnyMessage, Message } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import { type ListenerSource, type ListenerSubject, listenerSuite } from "../../../src/testing/conformance/listener.ts";
import { findsFaults } from "./broken.ts";

const NO_FAULT = "";

/** A log of wire messages, as a server outside would keep it, with one reader's position. */
class Source implements ListenerSource {
  readonly wires: (readonly Uint8Array[])[] = [];
  readonly #fault: string;
  readonly #writer = nativeCodec.writer({ stream: "source" });
  readonly servers: Server[] = [];
  wake: () => void = () => {};
  committed = 0;
  ended = false;
  isCut = false;

  constructor(fault: string) {
    this.#fault = fault;
  }

  make(): Listener<AnyMessage> {
    return new LogListener(this, this.#fault);
  }

  send(messages: readonly AnyMessage[]): void {
    for (const message of messages) this.wires.push(...this.#writer(message as Message));
    this.wake();
  }

  sendGarbage(bytes: Uint8Array): void {
    this.wires.push([bytes]);
    this.wake();
  }

  end(): void {
    this.ended = true;
    this.wake();
  }

  cut(): void {
    this.isCut = true;
    this.wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) server.close();
  }
}

/** Reads such a log; with a fault it does one thing wrong. */
class LogListener extends Listener<AnyMessage> {
  override readonly replay: Replay;
  readonly #source: Source;
  readonly #fault: string;
  #reading = false;

  constructor(source: Source, fault: string) {
    super();
    this.#source = source;
    this.#fault = fault;
    this.replay = fault === "claims another replay" ? "unacked" : "log";
    if (fault === "listens in its constructor") source.servers.push(createServer().listen(0, "127.0.0.1"));
  }

  override async start(inlet: Inlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    const source = this.#source;
    const fault = this.#fault;
    if (this.#reading) {
      if (fault === "takes a second start") return;
      const error = new UsageError("is started already");
      throw fault === "refuses a second start as if it could be tried again"
        ? Object.assign(error, { retryable: true })
        : error;
    }
    if (fault === "can be started once only" && source.committed > 0) throw new UsageError("was started before");
    const deaf = fault === "ignores the abort" || (signal.aborted && fault === "reads although it was aborted before");
    if (signal.aborted && !deaf) return;
    this.#reading = true;
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    if (!deaf) void aborted.then(() => source.wake());
    const acked = new Set<number>();
    try {
      if (fault !== "never says ready" && fault !== "says ready late") inlet.ready();
      if (fault === "says ready twice") inlet.ready();
      let position =
        fault === "goes on after all that it gave, acknowledged or not" ? source.wires.length : source.committed;
      if (fault === "begins again at the beginning") position = 0;
      const base = position;
      for (;;) {
        if (signal.aborted && !deaf) {
          if (fault === "puts once more after the abort") await inlet.put(new Event({}, new Uint8Array(1)));
          return;
        }
        if (source.isCut) {
          source.isCut = false;
          if (fault === "ends when the connection is lost") return;
          if (fault === "mends a lost connection by itself") {
            platformInlet(inlet)?.connected(false);
            setImmediate(() => platformInlet(inlet)?.connected(true));
            continue;
          }
          if (fault === "stops reading when the connection is lost") {
            await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
            return;
          }
          throw new ConnectionError("the connection was lost", {
            retryable: fault !== "says that a lost connection is final",
          });
        }
        const frames = source.wires[position];
        if (frames === undefined) {
          if (source.ended && fault !== "does not see the end") return;
          await new Promise<void>((resolve) => {
            source.wake = resolve;
          });
          continue;
        }
        if (source.ended && fault === "leaves the last messages behind") return;
        const at = position;
        const settlement = {
          ack: () => {
            acked.add(fault === "acknowledges what comes later too" ? source.wires.length - 1 : at);
            if (fault === "acknowledges what comes later too") source.committed = at + 1;
            while (acked.has(source.committed) && fault !== "forgets what was acknowledged") source.committed += 1;
            if (fault === "commits whatever is acknowledged") source.committed = Math.max(source.committed, at + 1);
          },
          nack: () => {
            if (fault === "takes what is given back for done") source.committed = Math.max(source.committed, at + 1);
          },
        };
        position += 1;
        await this.#give(inlet, frames, settlement, at - base, aborted);
        if (fault === "says ready late") inlet.ready();
      }
    } finally {
      this.#reading = false;
    }
  }

  async #give(
    inlet: Inlet<AnyMessage>,
    frames: readonly Uint8Array[],
    settlement: { ack(): void; nack(): void },
    index: number,
    aborted: Promise<void>,
  ): Promise<void> {
    const fault = this.#fault;
    if (fault === "loses every third message" && index % 3 === 2) return;
    const last = (frame: Uint8Array): number => frame.length - 1;
    const given =
      fault === "changes the bytes"
        ? frames.map((frame) => frame.map((byte, at) => (at === last(frame) ? byte ^ 1 : byte)))
        : frames;
    if (fault === "dies of garbage") nativeCodec.reader(DEFAULT_LIMITS)(frames);
    const wait = inlet.putFrames(given, fault === "has no settlements" ? undefined : settlement);
    if (fault === "does not wait") return;
    await (fault === "waits for the inlet although it was aborted" ? wait : Promise.race([wait, aborted]));
  }
}

function subject(fault: string): ListenerSubject {
  return {
    name: "log of a test",
    replay: "log",
    source: () => new Source(fault),
    patienceMs: fault === NO_FAULT ? 5_000 : 60,
  };
}

describe("listener suite", () => {
  describe("a listener that does everything right passes", () => {
    for (const each of listenerSuite(subject(NO_FAULT))) test(each.name, each.run);
  });

  test("a listener that mends its connection passes as well as one that fails", async () => {
    const cases = listenerSuite({ ...subject("mends a lost connection by itself"), patienceMs: 5_000 });
    await cases.find(({ name }) => name.startsWith("connection"))?.run();
  });

  findsFaults(
    {
      "listens in its constructor": ["construction"],
      "claims another replay": ["replay"],
      "never says ready": ["ready"],
      "says ready twice": ["ready"],
      "says ready late": ["ready"],
      "loses every third message": ["messages"],
      "changes the bytes": ["messages"],
      "does not wait": ["back-pressure"],
      "puts once more after the abort": ["abort - start returns and puts nothing more"],
      "ignores the abort": ["abort - start returns and puts nothing more"],
      "waits for the inlet although it was aborted": ["abort - start returns while a put waits"],
      "reads although it was aborted before": ["abort - a signal that is aborted already"],
      "does not see the end": ["end"],
      "leaves the last messages behind": ["end"],
      "can be started once only": ["start - can be called again"],
      "takes a second start": ["start - a second one"],
      "refuses a second start as if it could be tried again": ["start - a second one"],
      "dies of garbage": ["garbage"],
      "ends when the connection is lost": ["connection"],
      "says that a lost connection is final": ["connection"],
      "stops reading when the connection is lost": ["connection"],
      "has no settlements": ["settlement - comes with every message"],
      "forgets what was acknowledged": ["settlement - what was acknowledged"],
      "begins again at the beginning": ["settlement - what was acknowledged"],
      "goes on after all that it gave, acknowledged or not": ["settlement - what was not acknowledged"],
      "takes what is given back for done": ["settlement - what was given back"],
      "commits whatever is acknowledged": ["log"],
    },
    (fault) => listenerSuite(subject(fault)),
  );

  test("subject - one that lacks something for a case is told what", async () => {
    const source = (): ListenerSource => {
      const { make, send } = new Source(NO_FAULT);
      return { make, send, [Symbol.asyncDispose]: async () => {} };
    };
    const cases = listenerSuite({ name: "bare", replay: "log", source });
    const end = cases.find(({ name }) => name.startsWith("end"));
    await expect(end?.run()).rejects.toThrow(/bare: this case needs end\(\).*or name the case in cannot/);
  });
});
