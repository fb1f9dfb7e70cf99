import { Router } from "zeromq";
import type { Writer } from "../../../src/message/codec.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { nativeCodec } from "../../../src/message/native/native-codec.ts";
import type { ListenerSource } from "../../../src/testing/conformance/listener.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import type { EngineName } from "../../../src/transports/zmq/ends.ts";
import { received } from "../../../src/transports/zmq/received.ts";
import { ZmqListener, type ZmqListenerOptions } from "../../../src/transports/zmq/zmq-listener.ts";

/** Answers questions with the package `zeromq` alone: each with the next message that is to be sent, when there is one. */
export class AnsweringSource implements ListenerSource {
  /** Every question that came. */
  readonly questions: string[] = [];
  readonly #engine: EngineName;
  readonly #writer: Writer = nativeCodec.writer({ stream: "raw" });
  readonly #answers: (readonly Uint8Array[])[] = [];
  /** Who asked last, and has no answer yet. */
  #asking: Uint8Array | undefined;
  #peers = 0;
  #socket!: Router;
  #sent: Promise<unknown> = Promise.resolve();
  #address: string;

  static async open(address: string, engine: EngineName): Promise<AnsweringSource> {
    const source = new AnsweringSource(address, engine);
    await source.#bind();
    return source;
  }

  private constructor(address: string, engine: EngineName) {
    this.#engine = engine;
    this.#address = address;
  }

  get address(): string {
    return this.#address;
  }

  make(options: Partial<ZmqListenerOptions<AnyMessage>> = {}): ZmqListener<AnyMessage> {
    return new ZmqListener({ connect: this.#address, socket: "req", engine: this.#engine, ...options });
  }

  async send(messages: readonly AnyMessage[]): Promise<void> {
    for (const message of messages) this.answer(...this.#writer(message as never));
    await until(() => this.#answers.length === 0, "questions for all answers", 20_000);
    await this.#sent;
  }

  async sendGarbage(bytes: Uint8Array): Promise<void> {
    this.answer([bytes]);
    await until(() => this.#answers.length === 0, "a question");
  }

  /** How many answers wait for a question. */
  get waiting(): number {
    return this.#answers.length;
  }

  /** Gives answers to the questions that come. */
  answer(...answers: (readonly Uint8Array[])[]): void {
    this.#answers.push(...answers);
    this.#go();
  }

  /** Forgets the question that came last: nobody gets an answer to it. */
  ignore(): void {
    this.#asking = undefined;
  }

  async cut(): Promise<void> {
    this.#socket.close();
    this.#asking = undefined;
    await this.#bind();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
  }

  #go(): void {
    const to = this.#asking;
    // An earlier reader whose end is not known yet would get what is for this one.
    const answer = to === undefined || this.#peers > 1 ? undefined : this.#answers.shift();
    if (to === undefined || answer === undefined) return;
    this.#asking = undefined;
    const socket = this.#socket;
    this.#sent = this.#sent
      .then(() => socket.send([to, "", ...(answer as Uint8Array[])]))
      // Who asked is gone; the next one gets it.
      .catch(() => this.#answers.unshift(answer));
  }

  async #bind(): Promise<void> {
    for (;;) {
      this.#socket = new Router({ linger: 0, mandatory: true });
      this.#peers = 0;
      this.#socket.events.on("handshake", () => {
        this.#peers += 1;
      });
      this.#socket.events.on("disconnect", () => this.#left());
      try {
        await this.#socket.bind(this.#address);
        break;
      } catch (error) {
        this.#socket.close();
        if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
      }
    }
    this.#address = this.#socket.lastEndpoint ?? this.#address;
    void this.#hear(this.#socket);
  }

  #left(): void {
    this.#peers -= 1;
    if (this.#peers > 0) {
      this.#go();
      return;
    }
    // Nobody is there to whom what waits could go.
    this.#asking = undefined;
    this.#answers.length = 0;
  }

  async #hear(socket: Router): Promise<void> {
    for (;;) {
      const frames = await received(socket);
      if (frames === undefined) return;
      const [from, , question] = frames as Buffer[];
      this.#asking = from;
      this.questions.push(String(question));
      this.#go();
    }
  }
}
