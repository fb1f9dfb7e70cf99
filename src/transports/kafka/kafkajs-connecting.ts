import type { Kafka } from "kafkajs";

/** What of the library is not public, and needed. */
interface Cluster {
  readonly connectionPoolBuilder?: Builder;
}

interface Builder {
  build?: (...place: readonly unknown[]) => Promise<Pool>;
}

interface Pool {
  readonly pool?: readonly Connection[];
}

interface Connection {
  connect?: () => Promise<unknown>;
}

const CREATE_CLUSTER = "private:Kafka:createCluster";

/**
 * Has each connection of clients that are made from now on connect once at a time. Where a connection broke, all who
 * want to send something connect it again: the library then opens a socket for each of them and forgets all but the
 * last, which keep the process alive, and break the connection when the broker ends them.
 */
export function connectOnce(kafka: Kafka): void {
  const symbol = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === CREATE_CLUSTER);
  if (symbol === undefined) return;
  const insides = kafka as unknown as Record<symbol, unknown>;
  const create = insides[symbol];
  if (typeof create !== "function") return;
  insides[symbol] = (options: unknown): Cluster => {
    const cluster = create(options) as Cluster;
    const builder = cluster.connectionPoolBuilder;
    const build = builder?.build;
    if (builder === undefined || build === undefined) return cluster;
    builder.build = async (...place) => {
      const pool = await build(...place);
      for (const connection of pool.pool ?? []) hook(connection);
      return pool;
    };
    return cluster;
  };
}

function hook(connection: Connection): void {
  const connect = connection.connect?.bind(connection);
  if (connect === undefined) return;
  let connecting: Promise<unknown> | undefined;
  connection.connect = () => {
    connecting ??= connect().finally(() => {
      connecting = undefined;
    });
    return connecting;
  };
}
