import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test, vi } from "vitest";
import { cachedFolder } from "../../../src/testing/brokers/broker-cache.ts";
import { ask } from "../../../src/testing/brokers/probe.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import { prepareBrokers, startKafka, startProxy, startRabbitMq, startRedis } from "../../../src/testing/index.ts";

const answers = async (port: number): Promise<boolean> => (await ask(port, "PING\r\n", 5)) !== undefined;
const say = async (port: number, command: string, bytes: number): Promise<string | undefined> =>
  (await ask(port, `${command}\r\n`, bytes))?.toString();

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("redis-server", () => {
  test("start, stop, kill and start again - keep the port, the folder and the data", async () => {
    const redis = await startRedis({ own: true, durable: true });
    await using _ = redis;
    expect(await say(redis.port, "SET a 1", 5)).toBe("+OK\r\n");
    for (const end of ["stop", "kill"] as const) {
      await redis[end]();
      expect(await answers(redis.port)).toBe(false);
      await redis.start();
      expect(await say(redis.port, "GET a", 7)).toContain("1");
    }
    redis.pause();
    redis.resume();
    expect(await answers(redis.port)).toBe(true);
    await redis[Symbol.asyncDispose]();
    expect(existsSync(redis.folder)).toBe(false);
    expect(await answers(redis.port)).toBe(false);
    await expect(redis.start()).rejects.toThrow("start another one");
  });

  test("a setting that is wrong - ends the start with what the server said, and leaves nothing", async () => {
    await expect(startRedis({ own: true, settings: { "no-such-setting": "1" } })).rejects.toThrow(/no-such-setting/);
  });

  test("a parent that is killed - takes its server and its folder along", async () => {
    const child = fork(fileURLToPath(new URL("parent.ts", import.meta.url)), {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const [{ port, folder }] = (await once(child, "message")) as [{ port: number; folder: string }];
    expect(await answers(port)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    await until(() => !existsSync(folder), "the folder to be deleted");
    expect(await answers(port)).toBe(false);
  });
});

describe("environment", () => {
  test("a url - attaches, and refuses to stop what somebody else runs", async () => {
    vi.stubEnv("ARROYO_REDIS_URL", "redis://user@10.0.0.1:7000/2");
    vi.stubEnv("ARROYO_KAFKA_BROKERS", "10.0.0.1:9093,10.0.0.2:9093");
    vi.stubEnv("ARROYO_AMQP_URL", "amqp://10.0.0.3");
    const redis = await startRedis();
    expect(redis).toMatchObject({ attached: true, host: "10.0.0.1", port: 7000, url: "redis://user@10.0.0.1:7000/2" });
    expect(await startKafka()).toMatchObject({ attached: true, host: "10.0.0.1", port: 9093 });
    expect(await startRabbitMq()).toMatchObject({ attached: true, host: "10.0.0.3", port: 5672 });
    await expect(redis.kill()).rejects.toThrow('"own: true"');
    await prepareBrokers("redis", "kafka", "rabbitmq");
  });

  test("a url that is none - is a clear error", async () => {
    vi.stubEnv("ARROYO_REDIS_URL", "redis://");
    await expect(startRedis()).rejects.toThrow("ARROYO_REDIS_URL: expected an address");
  });

  test("no programs and no way to get them - says what to install", async () => {
    const cache = await mkdtemp(join(tmpdir(), "arroyo-cache-"));
    try {
      vi.stubEnv("ARROYO_CACHE", cache);
      vi.stubEnv("PATH", "/nowhere");
      await expect(startRedis({ own: true })).rejects.toThrow(/apt-get install redis-server.*ARROYO_REDIS_URL/);
      await expect(startKafka({ own: true })).rejects.toThrow(/install Java 17 and Maven.*ARROYO_KAFKA_BROKERS/);
    } finally {
      await rm(cache, { recursive: true });
    }
  });
});

test("cache - several that ask at once fill a folder once, and a failure leaves nothing", async () => {
  const cache = await mkdtemp(join(tmpdir(), "arroyo-cache-"));
  try {
    vi.stubEnv("ARROYO_CACHE", cache);
    await expect(cachedFolder("one", () => Promise.reject(new Error("no disk")))).rejects.toThrow("no disk");
    let fills = 0;
    const fill = async (): Promise<void> => {
      fills += 1;
    };
    const folders = await Promise.all([1, 2, 3].map(() => cachedFolder("one", fill)));
    expect(fills).toBe(1);
    expect(new Set(folders).size).toBe(1);
  } finally {
    await rm(cache, { recursive: true });
  }
});

describe("proxy", () => {
  test("cut, refuse, stall and drop answers - do so, and resume ends it", async () => {
    await using redis = await startRedis({ own: true });
    await using proxy = await startProxy({ port: redis.port });
    expect(await say(proxy.port, "PING", 7)).toBe("+PONG\r\n");
    proxy.refuse();
    expect(await say(proxy.port, "PING", 7)).toBeUndefined();
    proxy.resume();
    proxy.dropAnswers();
    expect(await say(proxy.port, "SET dropped 1", 1)).toBeUndefined();
    proxy.resume();
    expect(await say(proxy.port, "GET dropped", 7)).toContain("1");
    const socket = connect({ port: proxy.port, host: "127.0.0.1" });
    await once(socket, "connect");
    proxy.stall();
    socket.write("SET stalled 1\r\n");
    expect(await say(redis.port, "EXISTS stalled", 4)).toBe(":0\r\n");
    proxy.resume();
    await once(socket, "data");
    socket.on("error", () => undefined);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    proxy.cut();
    await closed;
  });
});
