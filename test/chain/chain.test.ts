import type { Account, Block } from "arroyojs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../src/testing/conformance/until.ts";
import { expectSums } from "../process/accounts.ts";
import { Given } from "../process/sources.ts";
import { Grounds } from "./grounds.ts";
import { HOPS, hopBlock } from "./hops.ts";
import { eventOf, SIDES, startOf, stopOf } from "./messages.ts";
import { Seen } from "./seen.ts";

const EVENTS = 600;
const RUNS = ["scan-1", "scan-2"];
const PATIENCE_MS = 30_000;

let grounds: Grounds;
beforeAll(async () => {
  grounds = await Grounds.start();
}, 90_000);
afterAll(() => grounds[Symbol.asyncDispose]());

/** The same numbers at each hop: nothing is left out, lost, or counted twice. */
function expectWhole(account: Account, events: number): void {
  const { received, published, publishedEvents, failed, dropped, dead, left, lost, droppedUpstream } = account;
  expect({ events: account.events, failed, dropped, dead, left, lost, droppedUpstream }, account.block).toEqual({
    events,
    failed: 0,
    dropped: 0,
    dead: 0,
    left: 0,
    lost: 0,
    droppedUpstream: 0,
  });
  expect({ published, publishedEvents }, account.block).toEqual({ published: received, publishedEvents: events });
}

test("chain - ZeroMQ, Kafka, Redis, RabbitMQ, files, replay, WebSocket: the same messages, and one account over all", {
  timeout: 120_000,
}, async () => {
  const places = await grounds.places();
  const source = new Given();
  const seen = new Seen();
  const blocks = HOPS.map((hop): Block => {
    if (hop === "detector") return hopBlock(hop, places, { listener: source });
    return hopBlock(hop, places, hop === "sink" ? { operator: seen } : {});
  });
  const [detector, sink] = [blocks[0] as Block, blocks.at(-1) as Block];
  const faults: unknown[] = [];
  for (const block of blocks) block.finished.catch((error: unknown) => void faults.push(error));
  try {
    // Whoever publishes to a subscriber waits for it; the last ones of the chain come first.
    await Promise.all(blocks.map((block) => block.start()));
    await Promise.all(blocks.slice(1).map((block) => block.ready()));
    for (const run of RUNS) {
      await source.give(startOf(run));
      for (let id = 0; id < EVENTS; id += 1) await source.give(eventOf(run, id));
      await source.give(stopOf(run, EVENTS));
    }
    source.end();
    await detector.finished;
    await until(() => faults.length > 0 || RUNS.every((run) => seen.isComplete(run)), "both Stops", PATIENCE_MS);
    expect(faults).toEqual([]);
  } finally {
    for (const block of blocks) await block.stop();
  }

  expect(seen.faults).toEqual([]);
  const all = Array.from({ length: EVENTS }, (_, id) => id);
  expect(seen.parts).toMatchObject(RUNS.map((run) => ({ run, resumed: false, reason: "completed" })));
  // The two sides were in two partitions on the way: the order of each holds, which `seen` has looked at.
  for (const run of RUNS) expect([seen.idsOf(run), seen.twice(run)]).toEqual([all, 0]);

  for (const block of blocks) expectSums(block.account);
  for (const block of blocks.slice(0, -1)) expectWhole(block.account, EVENTS * RUNS.length);
  expect(sink.account).toMatchObject({ events: EVENTS * RUNS.length, finished: sink.account.received, lost: 0 });
  for (const line of sink.account.runs) {
    expect(line).toMatchObject({ stream: "files-websocket", events: EVENTS, lost: 0, ended: "completed" });
    expect(line.missing).toBeUndefined();
  }

  for (const [at, stop] of seen.stops.entries()) {
    const { account } = stop;
    const hops = [...(account?.hops ?? []), account as Account];
    expect(hops.map(({ block }) => block)).toEqual(HOPS.slice(0, -1));
    for (const hop of hops)
      expect(hop, hop.block).toMatchObject({ events: EVENTS, lost: 0, failed: 0, dropped: 0, left: 0 });
    const first = (at * EVENTS) / SIDES.length;
    const sent = { stream: "detector", from: first, to: first + EVENTS / SIDES.length, events: EVENTS / SIDES.length };
    expect(hops[0]?.sent).toEqual(SIDES.map((partition) => ({ ...sent, partition })));
  }
});
