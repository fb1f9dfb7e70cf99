import { createServer, type Server } from "node:net";
import { describe, test } from "vitest";
import { AbortedError, ConnectionError, UsageError } from "../../../src/errors.ts";
import { type Inlet, Listener } from "../../../src/listener/listener.ts";
import type { AnyMessage, Message } from "../../../src/message/message.ts";
import { isNdArray } from "../../../src/message/ndarray.ts";
import { Publisher } from "../../../src/publisher/publisher.ts";
import {
  type PublisherSubject,
  type PublisherTarget,
  publisherSuite,
} from "../../../src/testing/conformance/publisher.ts";
import { findsFaults } from "./broken.ts";

const NO_FAULT = "";
type Wire = readonly Uint8Array[];

/** A queue of wire messages outside, which everybody reads who came before them, or all of it. */
class Target implements PublisherTarget {
  readonly wires: Wire[] = [];
  readonly servers: Server[] = [];
  readonly #fault: string;
  wakes: (() => void)[] = [];
  isCut = false;

  constructor(fault: string) {
    this.#fault = fault;
  }

  make(): QueuePublisher {
    return new QueuePublisher(this, this.#fault, false);
  }

  makeWaiting(): QueuePublisher {
    return new QueuePublisher(this, this.#fault, true);
  }

  read(): Listener<AnyMessage> {
    return new QueueListener(this, this.#fault);
  }

  cut(): void {
    this.isCut = true;
  }

  wake(): void {
    for (const wake of this.wakes.splice(0)) wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) server.close();
  }
}

class QueueListener extends Listener<AnyMessage> {
  readonly #target: Target;
  readonly #fault: string;

  constructor(target: Target, fault: string) {
    super();
    this.#target = target;
    this.#fault = fault;
  }

  override async start(inlet: Inlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    inlet.ready();
    signal.addEventListener("abort", () => this.#target.wake(), { once: true });
    let position =
      this.#fault.includes("late joiner") || this.#fault === "keeps nothing" ? this.#target.wires.length : 0;
    while (!signal.aborted) {
      const wire = this.#target.wires[position];
      if (wire === undefined) {
        await new Promise<void>((resolve) => {
          this.#target.wakes.push(resolve);
        });
        continue;
      }
      position += 1;
      await inlet.putFrames(wire);
    }
  }
}

/** Publishes into such a queue; with a fault it does one thing wrong. */
class QueuePublisher extends Publisher<AnyMessage> {
  override readonly confirms: boolean;
  readonly #target: Target;
  readonly #fault: string;
  readonly #waits: boolean;
  #state: "closed" | "open" | "was open" = "closed";
  #held: Wire[] = [];

  constructor(target: Target, fault: string, waits: boolean) {
    super();
    this.#target = target;
    this.#fault = fault;
    this.#waits = waits;
    this.confirms = fault !== "claims not to confirm";
    if (fault === "listens in its constructor") target.servers.push(createServer().listen(0, "127.0.0.1"));
  }

  override async open(signal: AbortSignal): Promise<void> {
    if (this.#fault === "opens once only" && this.#state === "was open") throw new UsageError("was open before");
    if (this.#waits) {
      if (signal.aborted && this.#fault !== "looks at the signal only while it waits") throw new AbortedError("open");
      await new Promise<void>((_resolve, reject) => {
        if (this.#fault === "opens for ever") return;
        signal.addEventListener("abort", () => reject(new AbortedError("open")), { once: true });
      }).catch((error: unknown) => {
        if (this.#fault !== "takes the abort for success") throw error;
      });
    }
    this.#state = "open";
  }

  override close(): void {
    if (this.#fault === "closes once only" && this.#state !== "open") throw new UsageError("is closed already");
    if (this.#state === "open") this.#state = "was open";
    if (this.#fault !== "loses what waits when it closes") this.#flush();
    this.#held = [];
  }

  override publish(message: AnyMessage): void {
    const fault = this.#fault;
    if (this.#state !== "open" && fault !== "publishes after close") throw new UsageError("is not open");
    if (this.#target.isCut && fault !== "does not see that the other side is gone") {
      throw new ConnectionError("the other side is gone", {
        retryable: fault !== "says that a lost connection is final",
      });
    }
    if (fault === "leaves out lifecycle" && message.type !== "event") return;
    if (fault === "changes the payload" && message.type === "event" && message.payload.byteLength > 0) {
      const { payload } = message;
      const { buffer, byteOffset } = isNdArray(payload) ? payload.data : payload;
      new Uint8Array(buffer, byteOffset, 1)[0] = 99;
    }
    this.#held.push(...this.encode(message as Message));
    if (fault === "cuts what is large")
      this.#held = this.#held.map((wire) => wire.map((frame) => frame.subarray(0, 1 << 20)));
    if (fault === "sends in pairs, the wrong way round" && this.#held.length === 2) this.#held.reverse();
    const waits =
      (fault === "sends in pairs, the wrong way round" && this.#held.length < 2) ||
      (fault === "loses what waits when it closes" && this.#held.length < 7) ||
      fault === "sends nothing before it closes";
    if (!waits) this.#flush();
  }

  override publishBatch(messages: readonly AnyMessage[]): void {
    if (this.#fault === "sends a batch backwards") for (const message of [...messages].reverse()) this.publish(message);
    else for (const message of messages) this.publish(message);
  }

  #flush(): void {
    this.#target.wires.push(...this.#held);
    this.#held = [];
    this.#target.wake();
  }
}

function subject(fault: string): PublisherSubject {
  return {
    name: "queue of a test",
    confirms: true,
    target: () => new Target(fault),
    patienceMs: fault === NO_FAULT ? 5_000 : 60,
  };
}

describe("publisher suite", () => {
  describe("a publisher that does everything right passes", () => {
    for (const each of publisherSuite(subject(NO_FAULT))) test(each.name, each.run);
  });

  findsFaults(
    {
      "listens in its constructor": ["construction"],
      "claims not to confirm": ["confirms - is what it claims"],
      "leaves out lifecycle": ["order"],
      "sends in pairs, the wrong way round": ["order"],
      "sends a batch backwards": ["batch"],
      "changes the payload": ["input"],
      "cuts what is large": ["large"],
      "closes once only": ["close - may be called twice"],
      "publishes after close": ["close - publish is refused"],
      "loses what waits when it closes": ["close - what was published before it arrives"],
      "opens once only": ["open - can be called again"],
      "opens for ever": ["open - ends when its signal aborts"],
      "looks at the signal only while it waits": ["open - ends when its signal aborts"],
      "takes the abort for success": ["open - ends when its signal aborts"],
      "does not see that the other side is gone": ["connection"],
      "says that a lost connection is final": ["connection"],
      "tells a late joiner nothing": ["late joiner"],
      "keeps nothing": ["confirms - what was published can be read afterwards"],
      "sends nothing before it closes": ["confirms - what was published can be read afterwards"],
    },
    (fault) => publisherSuite(subject(fault)),
  );
});
