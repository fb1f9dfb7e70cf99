import { afterEach, describe, expect, test, vi } from "vitest";
import { Connections } from "../../../src/transports/zmq/connections.ts";
import { Links } from "../../../src/transports/zmq/links.ts";
import { coversLifecycle, Subscribers } from "../../../src/transports/zmq/subscribers.ts";

describe("connections - counted from events that do not say whose they are", () => {
  function told(...types: string[]): Connections {
    const connections = new Connections(false);
    for (const type of types) connections.take({ type });
    return connections;
  }

  test("one peer - comes and goes", () => {
    expect(told("accept").peers).toBe(0);
    expect(told("accept", "handshake").peers).toBe(1);
    expect(told("accept", "handshake", "disconnect").peers).toBe(0);
  });

  test("one that fails to shake hands - takes nobody else away", () => {
    const failed = ["accept", "handshake", "accept", "handshake:error:other", "disconnect"];
    expect(told(...failed).peers).toBe(1);
  });

  test("one that ends without a reason while another shakes hands - the count corrects itself", () => {
    expect(told("accept", "handshake", "accept", "disconnect").peers).toBe(1);
    expect(told("accept", "handshake", "accept", "disconnect", "disconnect").peers).toBe(0);
    expect(told("accept", "handshake", "accept", "disconnect", "handshake").peers).toBe(1);
  });

  test("trouble - says what to look at", () => {
    const connections = new Connections(true);
    connections.take({ type: "connect" });
    expect(connections.take({ type: "disconnect" })).toMatch(/a SUB can only talk to a PUB/);
    expect(connections.take({ type: "handshake:error:auth", error: { status: 400 } })).toMatch(
      /does not let this key or password in/,
    );
    const code = "ERR_ZMTP_MECHANISM_MISMATCH";
    expect(connections.take({ type: "handshake:error:protocol", error: { code } })).toMatch(/one side uses CURVE/);
    expect(connections.take({ type: "connect:retry" })).toBeUndefined();
  });

  test("somebody who looks whether a port is open - is no trouble", () => {
    const connections = new Connections(false);
    connections.take({ type: "accept" });
    expect(connections.take({ type: "handshake:error:other", error: { code: "EPIPE" } })).toBeUndefined();
    expect(connections.take({ type: "disconnect" })).toBeUndefined();
  });
});

describe("links - readiness from peers", () => {
  function watched(): { readonly links: Links; readonly heard: unknown[] } {
    const heard: unknown[] = [];
    const links = new Links({
      ready: () => heard.push("ready"),
      connected: (isUp) => heard.push(isUp),
      silent: (address) => heard.push(address),
    });
    return { links, heard };
  }

  test("two addresses - ready when both have answered, down when one goes", () => {
    const { links, heard } = watched();
    const [first, second] = [links.add("a", true), links.add("b", true)];
    links.open();
    expect(heard).toEqual([false]);
    first(1);
    expect(heard).toEqual([false]);
    second(1);
    expect(heard).toEqual([false, true, "ready"]);
    first(0);
    first(1);
    expect(heard).toEqual([false, true, "ready", false, true]);
    links.close();
  });

  test("a bound address - is ready at once, connected when somebody comes", () => {
    const { links, heard } = watched();
    const peers = links.add("a", false);
    links.open();
    expect(heard).toEqual([false, "ready"]);
    peers(1);
    peers(2);
    peers(1);
    peers(0);
    expect(heard).toEqual([false, "ready", true, false]);
    links.close();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test("nobody answers - is said once, and again after the next loss", () => {
    vi.useFakeTimers();
    const { links, heard } = watched();
    const peers = links.add("a", true);
    links.open();
    vi.advanceTimersByTime(60_000);
    expect(heard).toEqual([false, "a"]);
    peers(1);
    peers(0);
    vi.advanceTimersByTime(60_000);
    expect(heard).toEqual([false, "a", true, "ready", false, "a"]);
    links.close();
  });

  test("news before everything is open - counts from then on", () => {
    const { links, heard } = watched();
    links.add("a", true)(1);
    expect(heard).toEqual([]);
    links.open();
    expect(heard).toEqual([true, "ready"]);
    links.close();
  });
});

describe("subscribers - counted from subscriptions", () => {
  const bytes = (text: string): Uint8Array => Buffer.from(text);
  function counted(...prefixes: string[]): number {
    const subscribers = new Subscribers();
    for (const prefix of prefixes) subscribers.hear(bytes(prefix.replace(/^-/, "")), !prefix.startsWith("-"));
    return subscribers.count;
  }

  test("our listeners - count once each, whatever they ask for", () => {
    expect(counted("!arroyo", "a", "b")).toBe(1);
    expect(counted("!arroyo", "a", "!arroyo", "b", "c")).toBe(2);
    expect(counted("!arroyo", "a", "")).toBe(2);
    expect(counted("", "")).toBe(2);
  });

  test("readers of another make - count by subscription", () => {
    expect(counted("a", "b")).toBe(2);
  });

  test("those who leave - no longer count", () => {
    expect(counted("", "", "-")).toBe(1);
    expect(counted("!arroyo", "a", "-a", "-!arroyo")).toBe(0);
    expect(counted("-never came")).toBe(0);
  });

  test("lifecycle - is covered by its own topic and each beginning of it", () => {
    expect(["", "!", "!arro", "!arroyo"].map((prefix) => coversLifecycle(bytes(prefix)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(["a", "!arroyo2", "arroyo"].map((prefix) => coversLifecycle(bytes(prefix)))).toEqual([false, false, false]);
  });
});
