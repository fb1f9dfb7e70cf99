import { type Admin, Kafka, logLevel, Partitioners } from "kafkajs";
import type { Broker, TcpProxy } from "../../src/testing/brokers/index.ts";
import { startCluster } from "../transports/kafka/cluster.ts";
import type { ReaderName } from "./cases.ts";
import { type Ends, fresh, type Place, type Sink } from "./ends.ts";
import type { Body } from "./feed.ts";

/** A Kafka broker, with kafkajs. Its clients are sent to the proxy by the broker itself: these too. */
export class KafkaEnds implements Ends {
  readonly name = "kafka";
  readonly knowsLeft = true;
  readonly broker: Broker;
  readonly proxy: TcpProxy;
  readonly #kafka: Kafka;

  constructor(broker: Broker, proxy: TcpProxy) {
    this.broker = broker;
    this.proxy = proxy;
    this.#kafka = new Kafka({
      brokers: [this.url],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1_000,
      requestTimeout: 2_000,
      retry: { initialRetryTime: 50, retries: 20, maxRetryTime: 500 },
    });
  }

  static async start(): Promise<KafkaEnds> {
    const { broker, proxy } = await startCluster();
    return new KafkaEnds(broker, proxy);
  }

  get url(): string {
    return `127.0.0.1:${this.proxy.port}`;
  }

  async make(reader: ReaderName, partitions: number): Promise<Place> {
    const place = { reader, from: fresh("from"), to: fresh("to") };
    await this.#admin((admin) =>
      admin.createTopics({
        topics: [
          { topic: place.from, numPartitions: partitions },
          { topic: place.to, numPartitions: 1 },
        ],
      }),
    );
    return place;
  }

  async fill({ from }: Place, bodies: readonly Body[]): Promise<void> {
    const producer = this.#kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    try {
      // One request: nothing that is repeated after a fault, and so nothing twice in the source.
      await producer.send({
        topic: from,
        messages: bodies.map(({ bytes, partition }) => ({ value: bytes, partition })),
      });
    } finally {
      await producer.disconnect();
    }
  }

  async sink({ to }: Place): Promise<Sink> {
    const bodies: Buffer[] = [];
    const admin = this.#kafka.admin();
    await admin.connect();
    const consumer = this.#kafka.consumer({ groupId: fresh("oracle"), maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topics: [to], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ message }) => {
        if (message.value !== null) bodies.push(message.value);
      },
    });
    return {
      bodies,
      look: async () => {
        const [offsets] = await admin.fetchTopicOffsets(to);
        return bodies.length === Number(offsets?.high);
      },
      [Symbol.asyncDispose]: async () => {
        await consumer.disconnect();
        await admin.disconnect();
      },
    };
  }

  left({ from }: Place): Promise<number> {
    return this.#admin(async (admin) => {
      const ends = await admin.fetchTopicOffsets(from);
      const [committed] = await admin.fetchOffsets({ groupId: `group-${from}`, topics: [from] });
      return ends.reduce((left, { partition, high }) => {
        const offset = committed?.partitions.find((one) => one.partition === partition)?.offset ?? "0";
        return left + Number(high) - Math.max(0, Number(offset));
      }, 0);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.broker[Symbol.asyncDispose]();
  }

  async #admin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      return await use(admin);
    } finally {
      await admin.disconnect();
    }
  }
}
