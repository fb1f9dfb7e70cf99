// Takes from one stream of Redis and adds to another: a block, or a loop over bare ioredis.
import { options, order, say } from "./talk.mjs";

const { kind, url } = options;

if (kind === "bare") {
  const { Redis } = await import("ioredis");
  const redis = new Redis(url, { protocol: 2 });
  await redis.xgroup("CREATE", "in", "g", "0");
  say("ready");
  await order("go");
  let cpu = process.cpuUsage();
  void order("warm").then(() => {
    cpu = process.cpuUsage();
  });
  void order("end").then(() => {
    say("ended", { cpu: process.cpuUsage(cpu) });
    process.exit(0);
  });
  for (;;) {
    const answer = await redis.callBuffer(
      "XREADGROUP",
      "GROUP",
      "g",
      "c",
      "COUNT",
      500,
      "BLOCK",
      1000,
      "STREAMS",
      "in",
      ">",
    );
    if (answer === null) continue;
    const [[, entries]] = answer;
    const pipeline = redis.pipeline();
    for (const [, [name, value]] of entries) pipeline.callBuffer("XADD", "out", "*", name, value);
    for (const [error] of await pipeline.exec()) if (error !== null) throw error;
    await redis.callBuffer("XACK", "in", "g", ...entries.map(([id]) => id));
  }
} else {
  const { Block } = await import("arroyojs");
  const { RedisStreamListener, RedisStreamPublisher } = await import("arroyojs/redis");
  const publisher = new RedisStreamPublisher({ url, stream: "out" });
  publisher.onWarning = () => {};
  say("ready");
  await order("go");
  let cpu = process.cpuUsage();
  void order("warm").then(() => {
    cpu = process.cpuUsage();
  });
  const block = new Block({
    name: "forward",
    guarantee: "at-least-once",
    listeners: [new RedisStreamListener({ url, stream: "in", group: "g", consumer: "c" })],
    publishers: [publisher],
  });
  await block.start();
  await order("end");
  const used = process.cpuUsage(cpu);
  const { received, finished, published, left, rejected } = await block.stop();
  say("ended", { cpu: used, account: { received, finished, published, left, rejected } });
  process.disconnect();
}
