import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AttachedBroker } from "./attached-broker.ts";
import { type Broker, type BrokerOptions, READY_MS } from "./broker.ts";
import { libraryPath, unpackedPackages } from "./debian-packages.ts";
import type { Command } from "./private-broker.ts";
import { ask } from "./probe.ts";
import { startPrivate } from "./start-private.ts";
import { programInPath } from "./tool.ts";

/** Configures a Redis server. */
export interface RedisServerOptions extends BrokerOptions {
  /** Keeps data over `stop` and `kill`: each write is in its append-only file before it is answered. Default false. */
  readonly durable?: boolean;
  /** Further lines of redis.conf, by name; several values make several lines. They come last, so that they win. */
  readonly settings?: Readonly<Record<string, string | number | readonly string[]>>;
}

const PACKAGES = ["redis-server", "redis-tools", "libjemalloc2", "liblua5.1-0", "liblzf1", "lua-cjson", "lua-bitop"];
const REMEDY =
  'install it ("apt-get install redis-server"), or set ARROYO_REDIS_URL to one that runs ("redis://127.0.0.1:6379")';

/**
 * Starts a Redis server of its own, or attaches to the one that ARROYO_REDIS_URL names. The program is that in PATH,
 * else it is unpacked from the system's packages into the user's cache.
 */
export async function startRedis(options: RedisServerOptions = {}): Promise<Broker> {
  const url = process.env.ARROYO_REDIS_URL;
  if (url && options.own !== true) return new AttachedBroker("redis", "ARROYO_REDIS_URL", url, 6379);
  const program = await redisProgram();
  return startPrivate("redis", 1, async (folder, [port = 0]) => {
    const configuration = join(folder, "redis.conf");
    await writeFile(configuration, redisConf(port, folder, options));
    return {
      name: "redis-server",
      url: `redis://127.0.0.1:${port}`,
      port,
      folder,
      commands: [{ ...program, args: [configuration] }],
      readyMs: options.readyMs ?? READY_MS,
      probe: () => answers(port),
    };
  });
}

/** Finds the program, or gets it; throws with what to install. */
export async function redisProgram(): Promise<Omit<Command, "args">> {
  const installed = await programInPath("redis-server");
  if (installed !== undefined) return { command: installed };
  const root = await unpackedPackages({ name: "redis-server", packages: PACKAGES, remedy: REMEDY });
  return { command: join(root, "usr", "bin", "redis-server"), env: { LD_LIBRARY_PATH: libraryPath(root) } };
}

function redisConf(port: number, folder: string, { durable = false, settings = {} }: RedisServerOptions): string {
  const lines = [
    "bind 127.0.0.1",
    `port ${port}`,
    `dir "${folder}"`,
    'save ""',
    `appendonly ${durable ? "yes" : "no"}`,
    // Redis may keep back what it has answered already while a slow sync is under way, unless each write is synced.
    "appendfsync always",
    "client-output-buffer-limit pubsub 0 0 0",
    "proto-max-bulk-len 1gb",
  ];
  for (const [name, value] of Object.entries(settings)) {
    for (const one of Array.isArray(value) ? value : [value]) lines.push(`${name} ${one}`);
  }
  return `${lines.join("\n")}\n`;
}

/** While it reads its data it answers, but with LOADING; one that wants a password says so and is ready. */
async function answers(port: number): Promise<boolean> {
  const said = (await ask(port, "PING\r\n", 5))?.toString("latin1");
  return said !== undefined && (said.startsWith("+PONG") || said.startsWith("-NOAU"));
}
