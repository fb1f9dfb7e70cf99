import { Push, XPublisher } from "zeromq";
import type { Inlet } from "../../../src/listener/listener.ts";
import type { Writer } from "../../../src/message/codec.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import type { ListenerSource } from "../../../src/testing/conformance/listener.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import type { EngineName } from "../../../src/transports/zmq/ends.ts";
import { received } from "../../../src/transports/zmq/received.ts";
import { ZmqListener, type ZmqListenerOptions } from "../../../src/transports/zmq/zmq-listener.ts";

/** Counts the starts, so that a source can wait for a subscription of each. */
class CountedListener extends ZmqListener<AnyMessage> {
  #starting: (by: number) => void = () => {};

  static of(options: ZmqListenerOptions<AnyMessage>, starting: (by: number) => void): CountedListener {
    const listener = new CountedListener(options);
    listener.#starting = starting;
    return listener;
  }

  override async start(inlet: Inlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    this.#starting(1);
    try {
      await super.start(inlet, signal);
    } catch (error) {
      this.#starting(-1);
      throw error;
    }
  }
}

/** Sends with the package `zeromq` alone, so that a listener is not tested against our own publisher. */
export class RawSource implements ListenerSource {
  readonly #kind: "sub" | "pull";
  readonly #engine: EngineName;
  readonly #writer: Writer = nativeCodec.writer({ stream: "raw" });
  #socket!: XPublisher | Push;
  #address: string;
  #sent: Promise<void> = Promise.resolve();
  #pullers = 0;
  #started = 0;
  #subscriptions = 0;

  static async open(kind: "sub" | "pull", address: string, engine: EngineName): Promise<RawSource> {
    const source = new RawSource(kind, address, engine);
    await source.#bind();
    return source;
  }

  private constructor(kind: "sub" | "pull", address: string, engine: EngineName) {
    this.#engine = engine;
    this.#kind = kind;
    this.#address = address;
  }

  make(): ZmqListener<AnyMessage> {
    return CountedListener.of({ connect: this.#address, socket: this.#kind, engine: this.#engine }, (by) => {
      this.#started += by;
    });
  }

  async send(messages: readonly AnyMessage[]): Promise<void> {
    for (const message of messages) {
      for (const frames of this.#writer(message as never)) await this.#send(frames as Uint8Array[]);
    }
  }

  async sendGarbage(bytes: Uint8Array): Promise<void> {
    await this.#send([bytes]);
  }

  async cut(): Promise<void> {
    this.#socket.close();
    this.#subscriptions = this.#started - 1;
    await this.#bind();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
  }

  /** The package takes one at a time, and one waits while nobody is there. */
  async #send(frames: Uint8Array[]): Promise<void> {
    const sent = this.#sent.then(() => this.#sendNow(frames));
    this.#sent = sent.catch(() => undefined);
    await sent;
  }

  async #sendNow(frames: Uint8Array[]): Promise<void> {
    if (this.#kind === "sub") {
      await until(() => this.#subscriptions >= this.#started, `${this.#started} subscriptions`);
    } else {
      await until(() => this.#pullers <= 1, "the end of an earlier reader");
      // A push deals to a reader that has gone until it is asked something. Not while it sends: it would sleep on.
      void this.#socket.writable;
    }
    await this.#socket.send(frames);
  }

  async #bind(): Promise<void> {
    for (;;) {
      this.#socket =
        this.#kind === "pull" ? new Push({ linger: 0 }) : new XPublisher({ linger: 0, verbosity: "allSubs" });
      this.#pullers = 0;
      this.#socket.events.on("handshake", () => {
        this.#pullers += 1;
      });
      this.#socket.events.on("disconnect", () => {
        this.#pullers -= 1;
      });
      try {
        await this.#socket.bind(this.#address);
        break;
      } catch (error) {
        this.#socket.close();
        if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
      }
    }
    this.#address = this.#socket.lastEndpoint ?? this.#address;
    if (this.#socket instanceof XPublisher) void this.#count(this.#socket);
  }

  async #count(socket: XPublisher): Promise<void> {
    for (;;) {
      const frames = await received(socket);
      if (frames === undefined) return;
      if (frames[0]?.[0] === 1) this.#subscriptions += 1;
    }
  }
}
