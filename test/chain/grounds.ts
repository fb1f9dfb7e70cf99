import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Broker, startKafka, startRabbitMq, startRedis } from "arroyojs/testing";
import { freePorts } from "../../src/testing/brokers/free-port.ts";
import type { Places } from "./hops.ts";

/** Holds what chains stand on: the three brokers, and a folder. */
export class Grounds implements AsyncDisposable {
  readonly folder: string;
  readonly brokers: Readonly<Record<"kafka" | "redis" | "rabbitmq", Broker>>;
  #chains = 0;

  /** Starts everything at once; of what fails nothing stays. */
  static async start(): Promise<Grounds> {
    const starts = [startKafka(), startRedis(), startRabbitMq()] as const;
    const started = await Promise.allSettled(starts);
    const failed = started.find((one) => one.status === "rejected");
    if (failed !== undefined) {
      for (const one of started) if (one.status === "fulfilled") await one.value[Symbol.asyncDispose]();
      throw failed.reason;
    }
    const [kafka, redis, rabbitmq] = await Promise.all(starts);
    return new Grounds(await mkdtemp(join(tmpdir(), "arroyo-chain-")), { kafka, redis, rabbitmq });
  }

  private constructor(folder: string, brokers: Grounds["brokers"]) {
    this.folder = folder;
    this.brokers = brokers;
  }

  /** Gives a chain places of its own. */
  async places(): Promise<Places> {
    this.#chains += 1;
    const [zmqPort = 0, webSocketPort = 0] = await freePorts(2);
    const { kafka, redis, rabbitmq } = this.brokers;
    return {
      name: `chain-${process.pid}-${this.#chains}`,
      zmq: `tcp://127.0.0.1:${zmqPort}`,
      kafka: kafka.url,
      redis: redis.url,
      amqp: rabbitmq.url,
      folder: await mkdtemp(join(this.folder, "capture-")),
      webSocketPort,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.brokers).map((broker) => broker[Symbol.asyncDispose]()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
