import { describe, expect, test } from "vitest";
import { curveKeyPair, Publisher } from "zeromq";
import { Event } from "../../../src/message/event.ts";
import type { AnyMessage } from "../../../src/message/message.ts";
import { Attempt } from "../../../src/testing/conformance/attempt.ts";
import { until } from "../../../src/testing/conformance/until.ts";
import type { ZmqCurve } from "../../../src/transports/zmq/curve.ts";
import { keyBytes } from "../../../src/transports/zmq/curve.ts";
import { ZmqListener } from "../../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../../src/transports/zmq/zmq-publisher.ts";
import { Places } from "./places.ts";

const PATIENCE_MS = 10_000;
const never = new AbortController().signal;
const server = curveKeyPair();
const client = curveKeyPair();
const stranger = curveKeyPair();

function reading(connect: string, curve?: ZmqCurve): Attempt {
  const listener = new ZmqListener<AnyMessage>({ connect, ...(curve === undefined ? {} : { curve }) });
  return new Attempt(listener, PATIENCE_MS);
}

function as(keys: { readonly publicKey: string; readonly secretKey: string }): ZmqCurve {
  return { publicKey: keys.publicKey, secretKey: keys.secretKey, serverKey: server.publicKey };
}

async function serving(allow?: readonly string[]): Promise<ZmqPublisher> {
  const curve = { secretKey: server.secretKey, server: true, ...(allow === undefined ? {} : { allow }) } as const;
  const publisher = new ZmqPublisher({ bind: "tcp://127.0.0.1:*", curve, strict: true });
  publisher.onWarning = () => {};
  await publisher.open(never);
  return publisher;
}

const allSecrets = [server.secretKey, client.secretKey, stranger.secretKey];

describe("curve", () => {
  test("the right key of the server - messages come", async () => {
    const publisher = await serving();
    await using attempt = reading(publisher.endpoints[0] as string, as(client));
    await until(() => publisher.readers === 1, "a subscriber");
    await publisher.publish(new Event({ number: 1 }, Uint8Array.of(1)));
    await attempt.until(() => attempt.inlet.taken.length === 1, "the message");
    await publisher.close();
  });

  test("another key of the server - is a warning, no connection, and no end", async () => {
    const publisher = await serving();
    const wrong = { ...as(client), serverKey: stranger.publicKey } as ZmqCurve;
    await using attempt = reading(publisher.endpoints[0] as string, wrong);
    await attempt.until(() => attempt.inlet.warnings.length > 0, "a warning");
    expect(attempt.inlet.warnings[0]).toMatch(/another server key/);
    expect(attempt.inlet.readyAt).toEqual([]);
    expect(attempt.ending).toBeUndefined();
    for (const secret of allSecrets) expect(attempt.inlet.warnings.join()).not.toContain(secret);
    await publisher.close();
  });

  test("no keys at all - is a warning that says so", async () => {
    const publisher = await serving();
    await using attempt = reading(publisher.endpoints[0] as string);
    await attempt.until(() => attempt.inlet.warnings.length > 0, "a warning");
    expect(attempt.inlet.warnings[0]).toMatch(/one side uses CURVE or PLAIN, the other does not/);
    await publisher.close();
  });

  test("allow - lets the named keys in and nobody else", async () => {
    const publisher = await serving([client.publicKey]);
    const warnings: string[] = [];
    publisher.onWarning = (message) => warnings.push(message);
    const address = publisher.endpoints[0] as string;
    await using refused = reading(address, as(stranger));
    await refused.until(() => refused.inlet.warnings.length > 0, "a warning");
    expect(refused.inlet.warnings[0]).toMatch(/the server does not let this key or password in/);
    await using welcome = reading(address, as(client));
    await until(() => publisher.readers === 1, "a subscriber");
    await publisher.publish(new Event({ number: 1 }, Uint8Array.of(1)));
    await welcome.until(() => welcome.inlet.taken.length === 1, "the message");
    expect(refused.inlet.taken).toEqual([]);
    expect(publisher.readers).toBe(1);
    await publisher.close();
    for (const secret of allSecrets) expect(warnings.join()).not.toContain(secret);
  });

  test("allow - holds for each publisher by itself, and for a listener that binds", async () => {
    const [first, second] = [await serving([client.publicKey]), await serving([stranger.publicKey])];
    await using wrong = reading(first.endpoints[0] as string, as(stranger));
    await using right = reading(second.endpoints[0] as string, as(stranger));
    await until(() => second.readers === 1, "a subscriber of the second");
    await wrong.until(() => wrong.inlet.warnings.length > 0, "a warning at the first");
    await right.ready();
    expect(first.readers).toBe(0);
    await Promise.all([first.close(), second.close()]);

    const curve = { secretKey: server.secretKey, server: true, allow: [client.publicKey] } as const;
    const listener = new ZmqListener<AnyMessage>({ bind: "tcp://127.0.0.1:*", socket: "pull", curve });
    await using attempt = new Attempt(listener, PATIENCE_MS);
    await attempt.ready();
    const publisher = new ZmqPublisher({ connect: listener.endpoints[0] as string, socket: "push", curve: as(client) });
    await publisher.open(never);
    await publisher.publish(new Event({ number: 1 }, Uint8Array.of(1)));
    await attempt.until(() => attempt.inlet.taken.length === 1, "the message");
    await publisher.close();
  });

  test("a server without keys - is a warning to a reader that has them", async () => {
    await using places = new Places();
    const address = await places.free();
    const plain = new Publisher({ linger: 0 });
    await plain.bind(address);
    await using attempt = reading(address, as(client));
    await attempt.until(() => attempt.inlet.warnings.length > 0, "a warning");
    expect(attempt.inlet.warnings[0]).toMatch(/one side uses CURVE|perhaps no ZeroMQ, another security/);
    plain.close();
  });

  test("keys - are read as Z85", () => {
    // The test case of RFC 32: these bytes stand for "HelloWorld".
    const bytes = Buffer.from("864FD26FB559F75B", "hex");
    const padded = Buffer.concat([bytes, Buffer.alloc(24)]);
    expect(keyBytes(`HelloWorld${"0".repeat(30)}`)).toEqual(padded);
  });
});
