import { Event, type Message, Start, Stop } from "arroyojs";
import { blueskyZmq } from "arroyojs/formats/bluesky";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { describe, expect, test } from "vitest";
import { until } from "../../../src/testing/conformance/until.ts";
import { Program } from "../program.ts";
import { counts } from "./arrays.ts";
import { documentsOf, type Named, runsOf } from "./bluesky-documents.ts";
import { Reader, send } from "./reader.ts";

const PEER = "test/peers/formats/bluesky_peer.py";
const RUNS = 3;

type Document = Named[1];

interface Ports {
  readonly in: number;
  readonly out: number;
}

describe.each(["json", "msgpack"] as const)("bluesky through its proxy, %s", (serializer) => {
  test("the documents of a run engine are read as they were sent", async () => {
    await using proxy = Program.python(PEER, "proxy");
    const ports = (await proxy.firstLine()) as Ports;
    await using engine = Program.python(PEER, "run", ports.in, serializer);
    const connect = `tcp://127.0.0.1:${ports.out}`;
    await using reader = await Reader.open(
      new ZmqListener({ connect, codec: blueskyZmq({ serializer }), topics: ["lab "] }),
    );
    // Who joins in the middle of a scan has its end only.
    await reader.hasStops(RUNS + 1, engine);
    const { rejected, failed } = await reader.stop();
    engine.input("");
    const sent = runsOf((await engine.lines()) as readonly Named[]);
    const whole = reader.messages.flatMap((message) =>
      message.type === "start" && !message.resumed ? [message.run] : [],
    );
    expect(whole.length).toBeGreaterThanOrEqual(RUNS);
    for (const run of whole.slice(0, RUNS)) expect(documentsOf(reader.messages, run)).toEqual(sent.get(run));
    expect([rejected, failed]).toEqual([0, 0]);
  });

  test("runs of ours reach a dispatcher, and are documents by the rules of event-model", async () => {
    await using proxy = Program.python(PEER, "proxy");
    const ports = (await proxy.firstLine()) as Ports;
    await using dispatcher = Program.python(PEER, "dispatch", ports.in, ports.out, serializer, RUNS);
    expect(await dispatcher.firstLine()).toBe("reached");
    const connect = `tcp://127.0.0.1:${ports.in}`;
    await send(madeRuns(), new ZmqPublisher({ connect, codec: blueskyZmq({ serializer }), waitForSubscribers: 1 }));
    const [, ...documents] = (await dispatcher.lines()) as readonly Named[];
    const runs = [...runsOf(documents).values()] as readonly (readonly Named[])[];
    expect(runs).toHaveLength(RUNS);
    for (const [number, run] of runs.entries()) {
      const names = ["start", "descriptor", "event", "event", "descriptor", "event", "stop"];
      expect(run.map(([name]) => name)).toEqual(names);
      const [start, descriptor, first, second, other, last, stop] = run.map(([, document]) => document) as [
        Document,
        ...Document[],
      ];
      expect(start).toMatchObject({ uid: `run-${number}`, time: 1_700_000_000.25, sample: "µ" });
      expect([first?.["seq_num"], second?.["seq_num"], last?.["seq_num"]]).toEqual([1, 2, 3]);
      expect([first?.["descriptor"], second?.["descriptor"]]).toEqual([descriptor?.["uid"], descriptor?.["uid"]]);
      expect(last?.["descriptor"]).toBe(other?.["uid"]);
      const image = serializer === "json" ? [[1, 2, 3]] : { array: ["uint16", [1, 3], IMAGE_DIGEST] };
      expect(first?.["data"]).toEqual({ image, energy: 9.5 });
      expect(last?.["data"]).toEqual({ note: "x" });
      expect(stop).toMatchObject({ run_start: `run-${number}`, exit_status: "success", num_events: { primary: 3 } });
    }
  });

  test("documents that were read are passed on to a dispatcher as they were", async () => {
    await using before = Program.python(PEER, "proxy");
    await using behind = Program.python(PEER, "proxy");
    const [first, second] = [(await before.firstLine()) as Ports, (await behind.firstLine()) as Ports];
    await using dispatcher = Program.python(PEER, "dispatch", second.in, second.out, serializer, RUNS);
    expect(await dispatcher.firstLine()).toBe("reached");
    await using engine = Program.python(PEER, "run", first.in, serializer);
    const codec = blueskyZmq({ serializer });
    const publisher = new ZmqPublisher({ connect: `tcp://127.0.0.1:${second.in}`, codec, waitForSubscribers: 1 });
    await using reader = await Reader.open(new ZmqListener({ connect: `tcp://127.0.0.1:${first.out}`, codec }));
    await reader.hasStops(RUNS + 1, engine);
    await reader.stop();
    engine.input("");
    const sent = runsOf((await engine.lines()) as readonly Named[]);
    const whole = reader.starts.filter(({ resumed }) => !resumed).slice(0, RUNS);
    const runs = new Set(whole.map(({ run }) => run));
    await send(
      reader.messages.filter(({ run }) => runs.has(run as string)),
      publisher,
    );
    const [, ...documents] = (await dispatcher.lines()) as readonly Named[];
    const passed = runsOf(documents);
    expect([...passed.keys()]).toEqual([...runs]);
    for (const [run, own] of passed) expect(own).toEqual(sent.get(run));
  });
});

test("bluesky as it is configured unless told otherwise - its pickles are refused with what to do", async () => {
  await using proxy = Program.python(PEER, "proxy");
  const ports = (await proxy.firstLine()) as Ports;
  await using engine = Program.python(PEER, "run", ports.in, "pickle");
  await using reader = await Reader.open(
    new ZmqListener({ connect: `tcp://127.0.0.1:${ports.out}`, codec: blueskyZmq() }),
  );
  await until(() => reader.account.rejected > 0, "a document that is refused", 30_000);
  engine.input("");
  const { rejected, received, reasons } = await reader.stop();
  expect([received, rejected > 0]).toEqual([0, true]);
  expect(JSON.stringify(reasons)).toMatch(/the publisher uses pickle; configure/);
});

const IMAGE_DIGEST = "047dbf5366372631ba7e3e02520e651446b899c96c4b64663bac378a298a7bf7";

function madeRuns(): readonly Message[] {
  const image = counts("uint16", [1, 3]);
  image.data.set([1, 2, 3]);
  const timeMs = 1_700_000_000_250;
  return Array.from({ length: RUNS }, (_, number): readonly Message[] => {
    const run = `run-${number}`;
    const envelope = { run, timeMs };
    return [
      new Start({ sample: "µ", shape: [1, 3] }, envelope),
      new Event({ energy: 9.5 }, image, envelope) as unknown as Message,
      new Event({ energy: 9.75 }, image, envelope) as unknown as Message,
      new Event({ note: "x" }, new Uint8Array(0), envelope) as unknown as Message,
      new Stop({}, { run, timeMs: timeMs + 1000 }),
    ];
  }).flat();
}
