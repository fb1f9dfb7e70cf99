import { readFileSync } from "node:fs";
import { EventEmitter } from "eventemitter3";
import { describe, expect, test } from "vitest";
import { healthOf } from "../../src/telemetry/health.ts";
import { blockMetrics } from "../../src/telemetry/metrics.ts";
import { MetricsServer } from "../../src/telemetry/metrics-server.ts";
import type { Observed } from "../../src/telemetry/observed.ts";
import { prometheusText } from "../../src/telemetry/prometheus.ts";
import { Watched } from "../../src/telemetry/watched.ts";

const COUNTS = {
  received: 10,
  events: 8,
  finished: 7,
  filtered: 1,
  reduced: 0,
  published: 6,
  publishedEvents: 4,
  dropped: 1,
  failed: 0,
  dead: 1,
  left: 1,
  rejected: 2,
  droppedUpstream: 3,
  lost: 4 as number | "unknown",
  reasons: { 'bad "header"\nline \\': 2 } as Record<string, number>,
  runs: [],
};
const LOAD = { queued: 1, held: 0, bytes: 512, running: 1, computing: 1, outgoing: 2 };

class Fake {
  readonly name = "reduce";
  account = { ...COUNTS };
  load = { ...LOAD };
  timings: Observed["timings"];
  readonly #emitter = new EventEmitter();
  on(event: string, listener: (news: never) => void): unknown {
    return this.#emitter.on(event, listener as (news: unknown) => void);
  }
  off(event: string, listener: (news: never) => void): unknown {
    return this.#emitter.off(event, listener as (news: unknown) => void);
  }
  tell(event: string, news: object): void {
    this.#emitter.emit(event, { block: this.name, ...news });
  }
  get hearers(): number {
    return this.#emitter.eventNames().length;
  }
}

/** A block for which every metric has a value. */
function full(): { readonly fake: Fake; readonly watched: Watched } {
  const fake = new Fake();
  fake.timings = { process: { p50: 2, p99: 20 }, queued: { p50: 1, p99: 5 }, oldest: 1500 };
  const watched = new Watched(fake as unknown as Observed, 0);
  fake.tell("state", { part: "block", state: "starting" });
  fake.tell("state", { part: "ZmqListener", state: "ready" });
  fake.tell("run", { stream: "s", run: "1", what: "opened" });
  fake.tell("run", { stream: "s", run: "1", what: "ended", reason: "abandoned" });
  fake.tell("warning", { message: "careful" });
  fake.tell("lag", { part: "AmqpListener", messages: 9 });
  fake.tell("lag", { part: "KafkaListener", messages: 12, partitions: { "0": 5, "1": 7 } });
  fake.tell("dead-letter", { id: "1", step: "process", reason: "no" });
  return { fake, watched };
}

describe("metrics", () => {
  test("the text - has each value once, with its labels escaped", () => {
    const { watched } = full();
    const text = prometheusText(blockMetrics([watched], 0));
    for (const line of [
      'arroyo_messages_received_total{block="reduce"} 10',
      'arroyo_events_lost_total{block="reduce"} 4',
      'arroyo_reasons_total{block="reduce",reason="bad \\"header\\"\\nline \\\\"} 2',
      'arroyo_queue_messages{block="reduce"} 1',
      'arroyo_oldest_unfinished_seconds{block="reduce"} 1.5',
      'arroyo_process_seconds{block="reduce",quantile="0.99"} 0.02',
      'arroyo_runs_ended_total{block="reduce",reason="abandoned"} 1',
      'arroyo_dead_letters_total{block="reduce",step="process"} 1',
      'arroyo_lag_messages{block="reduce",part="AmqpListener"} 9',
      'arroyo_lag_messages{block="reduce",part="KafkaListener",partition="1"} 7',
      'arroyo_state{block="reduce",part="ZmqListener",state="ready"} 1',
    ]) {
      expect(text.split("\n").filter((one) => one === line)).toHaveLength(1);
    }
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(/^(# (HELP|TYPE) arroyo_\w+ .+|arroyo_\w+(\{.*\})? [\d.eE+-]+)$/);
    }
  });

  test("the names - are those that are documented, with their types", () => {
    const { watched } = full();
    const served = blockMetrics([watched], 0).map(({ name, type }) => `${name} ${type}`);
    const text = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
    const documented = [...text.matchAll(/^\| `(arroyo_\w+)` \| (\w+) \|/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    expect(documented.sort()).toEqual([...served, "arroyo_memory_resident_bytes gauge"].sort());
  });

  test("lost is unknown - then there is no number", () => {
    const { fake, watched } = full();
    fake.account.lost = "unknown";
    expect(prometheusText(blockMetrics([watched], 0))).not.toContain("arroyo_events_lost_total{");
  });

  test("many reasons - are bounded, and still add up", () => {
    const { fake, watched } = full();
    fake.account.reasons = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`reason ${index}`, 1]));
    const reasons = blockMetrics([watched], 0).find(({ name }) => name === "arroyo_reasons_total")?.samples ?? [];
    expect(reasons).toHaveLength(51);
    expect(reasons.reduce((sum, { value }) => sum + value, 0)).toBe(500);
  });

  test("secrets - stand in no label, and what is alike without them is one sample", () => {
    const { fake, watched } = full();
    fake.account.reasons = { "refused canary-1": 1, "refused canary-2": 2 };
    const text = prometheusText(blockMetrics([watched], 0), (words) => words.replaceAll(/canary-\d/g, "!file token"));
    expect(text).not.toContain("canary");
    expect(text).toContain('arroyo_reasons_total{block="reduce",reason="refused !file token"} 3\n');
  });

  test("the end - nothing is heard any more", () => {
    const { fake, watched } = full();
    expect(fake.hearers).toBeGreaterThan(0);
    watched[Symbol.dispose]();
    expect(fake.hearers).toBe(0);
  });
});

describe("health", () => {
  test("ready - when connected and nothing is stalled", () => {
    const { watched } = full();
    expect(healthOf([watched], 0, 30_000)).toEqual({ isReady: true, reasons: [] });
  });

  test.each([
    ["nothing is connected yet", [["ZmqListener", "starting"]], "reduce: ZmqListener: starting"],
    ["a listener lost its source", [["detector", "disconnected"]], "reduce: detector: disconnected"],
    ["it drains", [["block", "draining"]], "reduce: is draining"],
    ["it failed", [["block", "failed"]], "reduce: is failed"],
  ] as const)("not ready - %s", (_, states, reason) => {
    const { fake, watched } = full();
    for (const [part, state] of states) fake.tell("state", { part, state });
    expect(healthOf([watched], 0, 30_000)).toEqual({ isReady: false, reasons: [reason] });
  });

  test("not ready - nothing is finished although something waits", () => {
    const { fake, watched } = full();
    fake.timings = undefined;
    expect(healthOf([watched], 1000, 30_000).isReady).toBe(true);
    expect(healthOf([watched], 31_001, 30_000).reasons).toEqual(["reduce: a message is unfinished for 30 s"]);
    fake.account.finished += 1;
    expect(healthOf([watched], 31_002, 30_000).isReady).toBe(true);
    fake.load = { ...LOAD, queued: 0, running: 0, outgoing: 0 };
    expect(healthOf([watched], 99_000, 30_000).isReady).toBe(true);
  });
});

describe("metrics server", () => {
  test("pages - metrics, life, readiness, and nothing else", async () => {
    const fake = new Fake();
    await using server = await MetricsServer.open([fake as unknown as Observed], { host: "127.0.0.1", port: 0 });
    const get = async (path: string, method = "GET"): Promise<readonly [number, string]> => {
      const response = await fetch(server.url + path, { method });
      return [response.status, await response.text()];
    };
    expect(await get("/livez")).toEqual([200, "ok\n"]);
    expect(await get("/readyz")).toEqual([503, "reduce: not connected yet\n"]);
    fake.tell("state", { part: "ZmqListener", state: "ready" });
    expect(await get("/readyz")).toEqual([200, "ok\n"]);
    const [status, text] = await get("/metrics?x=1");
    expect(status).toBe(200);
    expect(text).toMatch(/^arroyo_memory_resident_bytes \d+$/m);
    expect((await get("/secret"))[0]).toBe(404);
    expect((await get("/metrics", "POST"))[0]).toBe(405);
    expect(await get("/metrics", "HEAD")).toEqual([200, ""]);
  });

  test("a port that is taken - is said, with what to do", async () => {
    await using server = await MetricsServer.open([], { host: "127.0.0.1", port: 0 });
    const port = Number(new URL(server.url).port);
    const second = MetricsServer.open([], { host: "127.0.0.1", port });
    await expect(second).rejects.toThrow(
      new RegExp(`^--metrics: 127.0.0.1:${port} cannot be served: .*; take another port`),
    );
  });
});
