import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Places } from "../transports/zmq/places.ts";
import { eventsOf, expectSums, missingOf } from "./accounts.ts";
import { Stage } from "./chain.ts";
import { PATIENCE_MS, untilNews } from "./child.ts";
import { idsOf, rangesWithout, segmentsOf } from "./journals.ts";
import type { StageOptions } from "./programs/stage.ts";

const MIB = 2 ** 20;
const PAYLOAD = 64 * 1024;
/** What the publisher keeps for one subscriber. */
const SOCKET_BYTES = 4 * MIB;
/** What the collector and libzmq need beside; the whole run is several times as much. */
const CONSTANT_BYTES = 40 * MIB;
const EVENTS = process.env["ARROYO_LONG"] === "1" ? 40_000 : 5_000;
/** Sent at once before anybody is waited for: less than the socket keeps. */
const STEP = 25;

let folder = "";
let places: Places;
let stages: Stage[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "arroyo-pause-"));
  places = new Places();
  stages = [];
});

afterEach(async () => {
  await Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]()));
  await places[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function start(name: string, options: Partial<StageOptions>): Stage {
  const stage = new Stage({ name, life: 0, journal: join(folder, name), ...options });
  stages.push(stage);
  return stage;
}

test("pause - a stopped subscriber costs the others nothing and the publisher bounded memory; its loss adds up", async () => {
  const address = await places.free("tcp");
  const sockets = { maxBytes: SOCKET_BYTES, messageBytes: PAYLOAD };
  const publisher = start("detector", { to: address, subscribers: 2, payloadBytes: PAYLOAD, sockets });
  const awake = start("awake", { from: address, sockets });
  const asleep = start("asleep", { from: address, sockets });
  const send = async (count: number, to: readonly Stage[]): Promise<void> => {
    for (let sent = 0; sent < count; sent += STEP) {
      const last = publisher.send("scan", Math.min(STEP, count));
      await untilNews(stages, () => to.every((stage) => stage.has(last)), `event ${last.id}`);
    }
  };

  await publisher.ready();
  publisher.order({ send: "start", run: "scan" });
  await send(1_000, [awake, asleep]);
  const before = await publisher.memory();
  asleep.signal("SIGSTOP");
  await send(EVENTS, [awake]);
  const growth = (await publisher.memory()) - before;
  asleep.signal("SIGCONT");
  // Until it has its room back, nothing new comes to it.
  const isAwake = (): boolean => asleep.words.some((word) => word.say === "event" && word.id >= 1_000 + EVENTS);
  const deadline = performance.now() + PATIENCE_MS;
  while (!isAwake() && performance.now() < deadline) await send(1, [awake]);
  await send(STEP, [awake, asleep]);
  publisher.order({ send: "stop", run: "scan" });
  await untilNews(stages, () => [awake, asleep].every((stage) => stage.isComplete("scan")), "the end of the run");
  for (const stage of stages) expect(await stage.drained()).toEqual({ code: 0, signal: null });

  expect(growth, `${growth} bytes more`).toBeLessThan(SOCKET_BYTES + CONSTANT_BYTES);
  const sent = idsOf(publisher.journal, "scan");
  expect(idsOf(awake.journal, "scan")).toEqual(sent);
  expect(awake.account).toMatchObject({ lost: 0, events: sent.length });
  const received = idsOf(asleep.journal, "scan");
  const lost = sent.length - received.length;
  expect(lost).toBeGreaterThan(0);
  expect(asleep.account).toMatchObject({ lost, events: received.length });
  expect(missingOf(asleep.account, "scan")).toEqual({ events: lost, ranges: rangesWithout(sent, received) });
  expect(segmentsOf(asleep.journal)).toMatchObject([{ run: "scan", resumed: false, reason: "completed" }]);
  for (const { account } of stages) expectSums(account);
});

test("pause - the run of a stopped publisher is abandoned, and resumed when it goes on", async () => {
  const address = await places.free("ipc");
  const publisher = start("detector", { to: address });
  const reader = start("sink", { from: address, abandonAfterMs: 2_000 });
  const isRun = (reason: string): boolean => reader.words.some((word) => word.say === "run" && word.reason === reason);

  await publisher.ready();
  publisher.order({ send: "start", run: "scan" });
  const last = publisher.send("scan", 10);
  await reader.until(() => reader.has(last), "10 events");
  publisher.signal("SIGSTOP");
  await reader.until(() => isRun("abandoned"), "the end of the run");
  publisher.signal("SIGCONT");
  const next = publisher.send("scan", 10);
  await reader.until(() => reader.has(next), "10 more events");
  publisher.order({ send: "stop", run: "scan" });
  await reader.until(() => reader.isComplete("scan"), "the run complete");
  for (const stage of stages) expect(await stage.drained()).toEqual({ code: 0, signal: null });

  expect(segmentsOf(reader.journal).map(({ resumed, reason, ids }) => [resumed, reason, ids.length])).toEqual([
    [false, "abandoned", 10],
    [true, "completed", 10],
  ]);
  expectSums(reader.account);
  expect(eventsOf(reader.account, "scan")).toBe(20);
  expect(missingOf(reader.account, "scan").events).toBe(0);
});
