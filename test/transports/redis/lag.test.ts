import { afterAll, beforeAll, expect, test } from "vitest";
import { type AnyMessage, Block, type BlockEvents, Event } from "../../../src/index.ts";
import type { Broker } from "../../../src/testing/brokers/index.ts";
import { RedisStreamListener } from "../../../src/transports/redis/redis-stream-listener.ts";
import { fresh, publisherTo, server, until } from "./places.ts";

let redis: Broker;
beforeAll(async () => {
  redis = await server();
});
afterAll(() => redis[Symbol.asyncDispose]());

test("lag - is told of a group, also of what is in work", async () => {
  const stream = fresh("lag");
  await using publisher = await publisherTo(redis.url, stream);
  await publisher.publishBatch(Array.from({ length: 50 }, (_, n) => new Event({ n }, new Uint8Array(10))));
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  await using block = new Block<AnyMessage, AnyMessage>({
    name: "behind",
    listeners: [new RedisStreamListener<AnyMessage>({ url: redis.url, stream, group: "g" })],
    operator: () => held,
  });
  const told: BlockEvents["lag"][] = [];
  block.on("lag", (news) => told.push(news));
  await block.start();
  await until(() => told.length > 0, "the lag");
  expect(told[0]).toEqual({ block: "behind", part: "RedisStreamListener", messages: 50 });
  go();
});
