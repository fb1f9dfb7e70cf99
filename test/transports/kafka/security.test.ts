import { afterAll, beforeAll, expect, test } from "vitest";
import { isRetryable } from "../../../src/errors.ts";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { freePorts } from "../../../src/testing/brokers/free-port.ts";
import { type Broker, startKafka } from "../../../src/testing/brokers/index.ts";
import { KafkaPublisher } from "../../../src/transports/kafka/kafka-publisher.ts";
import { certificate, key } from "./certificate.ts";
import { named, numbers, opened, Reader, send } from "./cluster.ts";

let broker: Broker;
let brokers: readonly string[];
beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  brokers = [`127.0.0.1:${port}`];
  broker = await startKafka({ own: true, secure: { port, certificate, key, users: { ada: "right" } } });
});
afterAll(() => broker[Symbol.asyncDispose]());

const sasl = (password: string) => ({ mechanism: "plain", username: "ada", password }) as const;
const tls = { ca: certificate };

async function refusal(options: object): Promise<unknown> {
  const publisher = new KafkaPublisher<AnyMessage>({ brokers, topic: "t", requestTimeoutMs: 2_000, ...options });
  try {
    return await publisher.open(new AbortController().signal);
  } catch (error) {
    return error;
  } finally {
    await publisher.close();
  }
}

test("security - messages come through TLS, with a password", async () => {
  const topic = named("secret");
  const publisher = await opened({ brokers, topic, tls, sasl: sasl("right") });
  await send(publisher, new Event({ n: 1 }, Uint8Array.of(1)));
  await using reading = new Reader({ brokers, topic, groupId: named("group"), tls, sasl: sasl("right") });
  expect(numbers(await reading.takes(1))).toEqual([1]);
  await publisher.close();
});

test("security - a wrong password is refused for good, and not repeated", async () => {
  const error = await refusal({ tls, sasl: sasl("wrong-one") });
  expect(String(error)).toMatch(/do not accept the user or the password; correct sasl/);
  expect(String(error)).not.toContain("wrong-one");
  expect(isRetryable(error)).toBe(false);
});

test("security - a certificate of somebody else is refused for good", async () => {
  const error = await refusal({ tls: true, sasl: sasl("right") });
  expect(String(error)).toMatch(/TLS does not come about.*correct tls/);
  expect(isRetryable(error)).toBe(false);
});
