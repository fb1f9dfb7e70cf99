import { expect, test } from "vitest";
import { expectSums } from "./accounts.ts";
import { type Gate, Hop } from "./hop.ts";
import type { Faults } from "./spoiler.ts";

const ABC = ["a", "b", "c"];
const pass: Faults = () => 1;

/** Drops the events of a topic by their numbers. */
function without(topic: string, ...numbers: readonly number[]): Faults {
  return (passing) => (passing.kind === "event" && passing.topic === topic && numbers.includes(passing.number) ? 0 : 1);
}

test("wire - a reader of some topics misses nothing of them, and nothing else counts as lost", async () => {
  await using hop = await Hop.open({ topics: ["a", "c"] });
  await hop.run("one", 300, ABC);
  await hop.run("two", 30, ["b"]);
  await hop.run("three", 30, ABC);
  await hop.stops(3);
  const account = await hop.end();
  expectSums(account);
  expect(account).toMatchObject({ lost: 0, events: 220, droppedUpstream: 0 });
  expect(account.runs.map(({ events, lost, ended }) => [events, lost, ended])).toEqual([
    [200, 0, "completed"],
    [0, 0, "completed"],
    [20, 0, "completed"],
  ]);
  expect(account.runs.map(({ missing }) => missing)).toEqual([undefined, undefined, undefined]);
  expect(hop.segments.map(({ ids }) => ids.length)).toEqual([200, 0, 20]);
});

test("wire - a proxy that does no harm changes nothing", async () => {
  await using hop = await Hop.open({ faults: pass });
  await hop.run("one", 50, ABC);
  await hop.stops(1);
  expect(await hop.end()).toMatchObject({ lost: 0, events: 50, finished: 52, rejected: 0, reasons: {} });
});

test("wire - events lost in the middle of a topic are counted, and named", async () => {
  await using hop = await Hop.open({ faults: without("b", 3, 4, 9) });
  await hop.run("one", 60, ABC);
  await hop.stops(1);
  const account = await hop.end();
  expectSums(account);
  expect(account.runs).toMatchObject([{ events: 57, lost: 3, ended: "completed" }]);
  expect(account.runs[0]?.missing).toEqual([
    {
      stream: "writer",
      partition: "b",
      events: 3,
      as: "lost",
      ranges: [
        [3, 4],
        [9, 9],
      ],
    },
  ]);
});

test("wire - the loss of the last event is seen by the Stop", async () => {
  await using hop = await Hop.open({ faults: without("a", 19) });
  await hop.run("one", 20, ["a"]);
  await hop.stops(1);
  expect(await hop.end()).toMatchObject({ lost: 1, runs: [{ events: 19, lost: 1, ended: "completed" }] });
  expect(hop.segments).toMatchObject([{ run: "one", ids: { length: 19 }, reason: "completed" }]);
});

test("wire - the loss of a whole topic is seen, of which the reader never heard", async () => {
  await using hop = await Hop.open({ faults: (passing) => (passing.topic === "b" ? 0 : 1) });
  await hop.run("one", 60, ABC);
  await hop.run("two", 30, ABC);
  await hop.stops(2);
  expect(await hop.end()).toMatchObject({
    lost: 30,
    runs: [
      { events: 40, lost: 20 },
      { events: 20, lost: 10 },
    ],
  });
});

test("wire - the loss of all events of a run is seen", async () => {
  await using hop = await Hop.open({ faults: (passing) => (passing.kind === "event" ? 0 : 1) });
  await hop.run("one", 25, ABC);
  await hop.stops(1);
  expect(await hop.end()).toMatchObject({ lost: 25, runs: [{ events: 0, lost: 25, ended: "completed" }] });
});

test("wire - a lost Stop is seen by the sign of life that names the run no more, and the loss is unknown", async () => {
  await using hop = await Hop.open({ faults: ({ kind, number }) => (kind === "stop" && number === 0 ? 0 : 1) });
  await hop.run("one", 10);
  await hop.start("two");
  await hop.stops(1);
  await hop.events("two", 10);
  await hop.stop("two");
  await hop.stops(2);
  const account = await hop.end();
  expect(account.runs).toMatchObject([
    { run: "one", events: 10, lost: "unknown", ended: "abandoned" },
    { run: "two", events: 10, lost: 0, ended: "completed" },
  ]);
  expect(hop.segments.find(({ run }) => run === "one")).toMatchObject({ reason: "abandoned", resumed: false });
});

test("wire - a lost Stop of the last run is seen by silence", async () => {
  const faults: Faults = ({ kind }) => (kind === "stop" ? 0 : 1);
  await using hop = await Hop.open({ faults, reader: { abandonAfterMs: 1_500 } });
  await hop.run("one", 10);
  await hop.stops(1);
  const account = await hop.end();
  expect(account.runs).toMatchObject([{ events: 10, lost: "unknown", ended: "abandoned" }]);
});

test("wire - without its Start a run is dropped, counted, and nothing of it counts as lost", async () => {
  const faults: Faults = ({ kind, number }) => (kind === "start" && number === 0 ? 0 : 1);
  await using hop = await Hop.open({ faults, reader: { startWaitMs: 50 } });
  await hop.run("one", 10);
  await hop.until(() => hop.account.dropped === 11, "11 messages are dropped");
  await hop.run("two", 10);
  await hop.stops(1);
  const account = await hop.end();
  expectSums(account);
  expect(hop.segments).toMatchObject([{ run: "two", ids: { length: 10 }, reason: "completed" }]);
  expect(account).toMatchObject({ received: 23, dropped: 11, lost: 0, reasons: { "no-start": 11 } });
});

test("wire - with withoutStart make, a run without its Start is worked on", async () => {
  const faults: Faults = ({ kind }) => (kind === "start" ? 0 : 1);
  await using hop = await Hop.open({ faults, reader: { startWaitMs: 50, withoutStart: "make" } });
  await hop.run("one", 10);
  await hop.stops(1);
  expect(await hop.end()).toMatchObject({ dropped: 0, finished: 11, lost: 0 });
  expect(hop.segments).toMatchObject([{ run: "one", resumed: true, ids: { length: 10 }, reason: "completed" }]);
});

test("wire - what comes twice is worked on once", async () => {
  await using hop = await Hop.open({ faults: () => 2 });
  await hop.run("one", 40, ABC);
  await hop.run("two", 40, ABC);
  await hop.stops(2);
  const account = await hop.end();
  expectSums(account);
  expect(account).toMatchObject({ events: 80, lost: 0 });
  expect(account.reasons).toMatchObject({ duplicate: 80 });
  expect(hop.segments.map(({ ids }) => ids.length)).toEqual([40, 40]);
});

test("wire - topics that overtake one another lose nothing", async () => {
  const late: (readonly Uint8Array[])[] = [];
  const faults: Faults = ({ topic, number, frames }) => {
    if (topic !== "b") return 1;
    late.push(frames);
    return number % 5 === 4 ? late.splice(0) : 0;
  };
  await using hop = await Hop.open({ faults });
  await hop.run("one", 60, ABC);
  await hop.stops(1);
  const account = await hop.end();
  expect(account).toMatchObject({ events: 60, lost: 0, dropped: 0, reasons: {} });
  expect(hop.entries.filter(({ type }) => type === "event")).toHaveLength(60);
});

test("wire - what a stage in between did not ask for is not lost at the end", async () => {
  await using hop = await Hop.open({ middle: { topics: ["a", "c"] } });
  await hop.run("one", 60, ABC);
  await hop.stops(1);
  const account = await hop.end();
  expect(hop.middle).toMatchObject({ events: 40, lost: 0 });
  expect(account.runs).toMatchObject([{ events: 40, lost: 0, ended: "completed" }]);
  expect(account.runs[0]?.missing).toBeUndefined();
});

test("wire - what the last reader did not ask for is not lost, what the first hop lost is", async () => {
  await using hop = await Hop.open({ middle: {}, topics: ["a", "c"], faults: without("a", 2, 3) });
  await hop.run("one", 60, ABC);
  await hop.stops(1);
  const account = await hop.end();
  expect(hop.middle).toMatchObject({ events: 58, lost: 2 });
  expect(account.runs).toMatchObject([{ events: 38, lost: 0 }]);
  expect(account.runs[0]?.missing?.reduce((sum, { events }) => sum + events, 0)).toBe(2);
});

test("wire - what a best-effort publisher left out is dropped upstream for the reader, and not lost", async () => {
  let gate: Gate | undefined;
  const place = (publisher: Gate): { publisher: Gate; required: false; maxMessages: number } => {
    gate = publisher;
    return { publisher, required: false, maxMessages: 5 };
  };
  await using hop = await Hop.open({ middle: { place } });
  await hop.start("one");
  await hop.until(() => hop.entries.length === 1, "the Start");
  gate?.shut();
  await hop.events("one", 50);
  await hop.until(() => hop.middle?.events === 50, "50 events in the middle");
  gate?.release();
  await hop.stop("one");
  await hop.stops(1);
  const account = await hop.end();
  expectSums(account);
  const [run] = account.runs;
  expect(run?.droppedUpstream).toBeGreaterThan(40);
  expect((run?.events ?? 0) + (run?.droppedUpstream ?? 0)).toBe(50);
  expect(run).toMatchObject({ lost: 0, ended: "completed" });
  expect(run?.missing).toBeUndefined();
});
