import amqplib, { type ConfirmChannel } from "amqplib";
import { type Broker, startProxy, startRabbitMq, type TcpProxy } from "../../src/testing/brokers/index.ts";
import { PATIENCE_MS } from "../process/child.ts";
import { eventually, readable } from "../transports/amqp/places.ts";
import type { ReaderName } from "./cases.ts";
import { type Ends, fresh, type Place, type Sink } from "./ends.ts";
import type { Body } from "./feed.ts";

/** A RabbitMQ node, with amqplib. */
export class RabbitMqEnds implements Ends {
  readonly name = "rabbitmq";
  readonly knowsLeft = false;
  readonly broker: Broker;
  readonly proxy: TcpProxy;

  constructor(broker: Broker, proxy: TcpProxy) {
    this.broker = broker;
    this.proxy = proxy;
  }

  static async start(): Promise<RabbitMqEnds> {
    const broker = await startRabbitMq({ own: true });
    return new RabbitMqEnds(broker, await startProxy({ port: broker.port }));
  }

  get url(): string {
    return this.broker.url.replace(String(this.broker.port), String(this.proxy.port));
  }

  async make(reader: ReaderName): Promise<Place> {
    const place = { reader, from: fresh("from"), to: fresh("to") };
    const type = reader === "rabbitmq stream" ? "stream" : "classic";
    await this.#with(async (channel) => {
      await channel.assertQueue(place.from, { durable: true, arguments: { "x-queue-type": type } });
      await channel.assertQueue(place.to, { durable: true, arguments: { "x-queue-type": "classic" } });
    });
    return place;
  }

  async fill({ reader, from }: Place, bodies: readonly Body[]): Promise<void> {
    // A node that was just started confirms what is for a stream of which it does not know yet, and throws it away.
    const isThere = (): Promise<boolean> =>
      readable(this.broker.url, from).then(
        () => true,
        () => false,
      );
    if (reader === "rabbitmq stream") await eventually(isThere, `the stream ${from}`, PATIENCE_MS);
    let returned = 0;
    await this.#with(async (channel) => {
      channel.on("return", () => {
        returned += 1;
      });
      for (const { bytes } of bodies) channel.sendToQueue(from, bytes, { persistent: true, mandatory: true });
      await channel.waitForConfirms();
    });
    if (returned > 0) throw new Error(`${from}: ${returned} messages came back, there is no such queue`);
  }

  async sink({ to }: Place): Promise<Sink> {
    const model = await amqplib.connect(this.broker.url);
    model.on("error", () => undefined);
    const channel = await model.createConfirmChannel();
    channel.on("error", () => undefined);
    const bodies: Buffer[] = [];
    await channel.consume(
      to,
      (message) => {
        if (message !== null) bodies.push(message.content);
      },
      { noAck: true },
    );
    return {
      bodies,
      look: async () => {
        const before = bodies.length;
        const { messageCount } = await channel.checkQueue(to);
        return messageCount === 0 && bodies.length === before;
      },
      [Symbol.asyncDispose]: async () => {
        await model.close().catch(() => undefined);
      },
    };
  }

  left({ reader, from }: Place, filled: number): Promise<number> {
    return this.#with(async (channel) => {
      if (reader === "rabbitmq queue") return (await channel.checkQueue(from)).messageCount;
      // Of a stream nothing goes: what counts is the position beside it, and how far behind the end that is.
      const position = await channel.get(`${from}.arroyo.cursor`, { noAck: false });
      const offset = position === false ? -1 : Number(position.properties.headers?.["arroyo-offset"] ?? Number.NaN);
      return filled - (offset + 1);
    });
  }

  count({ to }: Place): Promise<number> {
    return this.#with(async (channel) => (await channel.checkQueue(to)).messageCount);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.broker[Symbol.asyncDispose]();
  }

  async #with<T>(use: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    const model = await amqplib.connect(this.broker.url);
    model.on("error", () => undefined);
    try {
      const channel = await model.createConfirmChannel();
      channel.on("error", () => undefined);
      return await use(channel);
    } finally {
      await model.close().catch(() => undefined);
    }
  }
}
