import { randomBytes } from "node:crypto";
import type { AnyMessage } from "../../../src/message/message.ts";
import {
  type Broker,
  type KafkaOptions,
  startKafka,
  startProxy,
  type TcpProxy,
} from "../../../src/testing/brokers/index.ts";
import { RecordingInlet } from "../../../src/testing/conformance/recording-inlet.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { KafkaListener, type KafkaListenerOptions } from "../../../src/transports/kafka/kafka-listener.ts";
import { KafkaPublisher, type KafkaPublisherOptions } from "../../../src/transports/kafka/kafka-publisher.ts";

/** Is a broker behind a proxy: all clients go through it. */
export class Cluster implements AsyncDisposable {
  readonly broker: Broker;
  readonly proxy: TcpProxy;

  constructor(broker: Broker, proxy: TcpProxy) {
    this.broker = broker;
    this.proxy = proxy;
  }

  get brokers(): readonly string[] {
    return [`127.0.0.1:${this.proxy.port}`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.broker[Symbol.asyncDispose]();
  }
}

/** Starts a broker of one's own behind a proxy; ARROYO_KAFKA_VERSION names another version. */
export async function startCluster(options: KafkaOptions = {}): Promise<Cluster> {
  const proxy = await startProxy();
  const version = process.env.ARROYO_KAFKA_VERSION;
  const which = version === undefined ? {} : { version };
  const broker = await startKafka({ ...which, ...options, own: true, advertisedPort: proxy.port });
  proxy.leadTo(broker.port);
  return new Cluster(broker, proxy);
}

/** Makes a name that nobody else has. */
export function named(what: string): string {
  return `${what}-${randomBytes(4).toString("hex")}`;
}

/** Opens a publisher. */
export async function opened(
  options: KafkaPublisherOptions<AnyMessage>,
  stream = "detector",
): Promise<KafkaPublisher<AnyMessage>> {
  const publisher = new KafkaPublisher<AnyMessage>({ createTopic: true, stream, ...options });
  publisher.begin(stream);
  await publisher.open(new AbortController().signal);
  return publisher;
}

/** Publishes as a block does that has no trouble. */
export async function send(publisher: KafkaPublisher<AnyMessage>, ...messages: readonly AnyMessage[]): Promise<void> {
  await publisher.publishBatch(messages);
  publisher.attempted("done");
}

/** Reads with an inlet that remembers. */
export class Reader {
  readonly inlet: RecordingInlet;
  readonly listener: KafkaListener<AnyMessage>;
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;
  #error: unknown;

  constructor(options: KafkaListenerOptions<AnyMessage>) {
    this.listener = new KafkaListener<AnyMessage>({ handoverMs: 200, sessionTimeoutMs: 6_000, ...options });
    this.inlet = new RecordingInlet(this.listener.codec);
    this.#ended = this.listener.start(this.inlet, this.#stop.signal).catch((error: unknown) => {
      this.#error = error;
    });
  }

  get error(): unknown {
    return this.#error;
  }

  async until(condition: () => boolean, what: string, ms = 20_000): Promise<void> {
    await until(() => condition() || this.#error !== undefined, what, ms);
    if (!condition()) throw this.#error;
  }

  /** Resolves when so many messages came. */
  async takes(count: number): Promise<readonly AnyMessage[]> {
    await this.until(() => this.inlet.taken.length >= count, `${count} messages, got ${this.inlet.taken.length}`);
    return this.inlet.messages;
  }

  async ready(): Promise<void> {
    await this.until(() => this.inlet.readyAt.length > 0, "the reader to be ready");
  }

  /** Acknowledges what came at these places. */
  async ack(from: number, to: number): Promise<void> {
    await Promise.all(this.inlet.taken.slice(from, to).map(({ settlement }) => settlement?.ack()));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** Resolves with the error by which it ended. */
  async fails(): Promise<unknown> {
    await this.#ended;
    return this.#error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** What came: the numbers of events, the types of the rest. */
export const numbers = (messages: readonly AnyMessage[]): unknown[] =>
  messages.map((message) => (message.type === "event" ? message.field("n") : message.type));
