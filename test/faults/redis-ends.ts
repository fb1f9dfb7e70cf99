import { Redis } from "ioredis";
import { type Broker, startProxy, startRedis, type TcpProxy } from "../../src/testing/brokers/index.ts";
import type { ReaderName } from "./cases.ts";
import { type Ends, fresh, type Place, type Sink } from "./ends.ts";
import type { Body } from "./feed.ts";

const PAGE = 1_000;

/** A Redis server, with ioredis. */
export class RedisEnds implements Ends {
  readonly name = "redis";
  readonly knowsLeft = true;
  readonly broker: Broker;
  readonly proxy: TcpProxy;

  constructor(broker: Broker, proxy: TcpProxy) {
    this.broker = broker;
    this.proxy = proxy;
  }

  static async start(): Promise<RedisEnds> {
    const broker = await startRedis({ own: true, durable: true });
    return new RedisEnds(broker, await startProxy({ port: broker.port }));
  }

  get url(): string {
    return `redis://127.0.0.1:${this.proxy.port}`;
  }

  async make(reader: ReaderName): Promise<Place> {
    return { reader, from: fresh("from"), to: fresh("to") };
  }

  fill({ from }: Place, bodies: readonly Body[]): Promise<void> {
    return this.#with(async (client) => {
      await Promise.all(bodies.map(({ bytes }) => client.xadd(from, "*", "message", bytes)));
    });
  }

  async sink({ to }: Place): Promise<Sink> {
    const client = new Redis(this.broker.url);
    client.on("error", () => undefined);
    const bodies: Buffer[] = [];
    let last = "-";
    return {
      bodies,
      look: async () => {
        const entries = await client.xrangeBuffer(to, last, "+", "COUNT", PAGE);
        for (const [id, fields] of entries) {
          bodies.push(fields[1] as Buffer);
          last = `(${id}`;
        }
        return entries.length < PAGE;
      },
      [Symbol.asyncDispose]: async () => client.disconnect(),
    };
  }

  left({ reader, from }: Place): Promise<number> {
    return this.#with(async (client) => {
      if (reader === "redis cursor") {
        const position = await client.hget(`${from}:arroyo:cursor:cursor`, "position");
        return (await client.xrange(from, position === null ? "-" : `(${position}`, "+")).length;
      }
      const groups = (await client.xinfo("GROUPS", from)) as string[][];
      const [group = []] = groups;
      const fact = (name: string): string => String(group[group.indexOf(name) + 1]);
      const unread = await client.xrange(from, `(${fact("last-delivered-id")}`, "+");
      return Number(fact("pending")) + unread.length;
    });
  }

  count({ to }: Place): Promise<number> {
    return this.#with((client) => client.xlen(to));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]();
    await this.broker[Symbol.asyncDispose]();
  }

  async #with<T>(use: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.broker.url);
    client.on("error", () => undefined);
    try {
      return await use(client);
    } finally {
      client.disconnect();
    }
  }
}
