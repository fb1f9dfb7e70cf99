import { Event, type Message, Start, Stop } from "arroyojs";
import { karaboBridge } from "arroyojs/formats/karabo-bridge";
import { openSocket, ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { describe, expect, test } from "vitest";
import { ReplyPublisher } from "../../../src/cli/simulating/reply-publisher.ts";
import { payloadMark } from "../../../src/message/documents/index.ts";
import { Addresses } from "../ends.ts";
import { Program } from "../program.ts";
import { counts, DTYPES } from "./arrays.ts";
import { Reader, send } from "./reader.ts";
import { seen, seenIn } from "./seen.ts";

const PEER = "test/peers/formats/karabo_bridge_peer.py";
const TRAINS = 5;
const ID = "timestamp.tid";

interface Train {
  readonly sources: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The number of a train, by which trains are told apart that were published. */
function idOf({ metadata }: Train): unknown {
  return Object.values(metadata)[0]?.[ID];
}

function madeTrains(): readonly Message[] {
  const events = Array.from({ length: TRAINS }, (_, number) => {
    const arrays = Object.fromEntries(DTYPES.map((dtype) => [`of.${dtype}`, counts(dtype, [3, 5], number + 1)]));
    const stamp = (source: string): object => ({ source, timestamp: 1.5, [ID]: 10_000_000_000 + number });
    const sources = {
      "DET/CAL": { ...arrays, "image.data": payloadMark("msgpack-numpy"), bytes: Uint8Array.of(0, 255) },
      "XGM/MAIN": { intensity: -1.5, pulses: 60, name: "µJ", list: [1, 2.5, "x", true, null] },
    };
    const metadata = Object.fromEntries(Object.keys(sources).map((source) => [source, stamp(source)]));
    return new Event({ sources, metadata }, counts("uint16", [2, 16, 8], number), { run: "r" });
  });
  return [new Start({}, { run: "r" }), ...events, new Stop({}, { run: "r" })] as unknown as readonly Message[];
}

describe.each(["1.0", "2.2"] as const)("karabo-bridge %s", (version) => {
  test.each([
    ["made", "zmtp"],
    ["made", "libzmq"],
    ["simulated", "zmtp"],
  ] as const)("asked for trains that were %s, through %s, it is read as it was sent", async (what, engine) => {
    await using addresses = await Addresses.open();
    const connect = addresses.next();
    const count = what === "made" ? TRAINS : 2;
    await using server = Program.python(PEER, "serve", version, "REP", connect, count, what);
    await using reader = await Reader.open(new ZmqListener({ connect, socket: "req", engine, codec: karaboBridge() }));
    await reader.has(count, server);
    server.input("");
    expect(reader.events.map(seenIn)).toEqual(await server.lines());
    expect(await reader.stop()).toMatchObject({ events: count, rejected: 0, lost: 0, failed: 0 });
  });

  test("pushed trains are read as they were sent", async () => {
    await using addresses = await Addresses.open();
    const address = addresses.next();
    await using server = Program.python(PEER, "serve", version, "PUSH", address, TRAINS, "made");
    await using reader = await Reader.open(
      new ZmqListener({ connect: address, socket: "pull", codec: karaboBridge() }),
    );
    await reader.has(TRAINS, server);
    server.input("");
    expect(reader.events.map(seenIn)).toEqual(await server.lines());
    expect(await reader.stop()).toMatchObject({ events: TRAINS, rejected: 0, lost: 0, failed: 0 });
  });

  test("published trains are read as they were sent, and those that the bridge dropped are counted", async () => {
    await using addresses = await Addresses.open();
    const address = addresses.next();
    await using server = Program.python(PEER, "serve", version, "PUB", address, 0, "made");
    await using reader = await Reader.open(new ZmqListener({ connect: address, codec: karaboBridge() }));
    await reader.has(TRAINS, server);
    const { events, rejected, lost } = await reader.stop();
    server.input("");
    const sent = new Map((await server.lines()).map((train) => [idOf(train as Train), train]));
    const read = reader.events.map(seenIn) as readonly Train[];
    for (const train of read) expect(train).toEqual(sent.get(idOf(train)));
    const ids = read.map(idOf) as readonly number[];
    const between = (ids.at(-1) as number) - (ids[0] as number) + 1 - ids.length;
    expect({ events, rejected, lost }).toEqual({ events: ids.length, rejected: 0, lost: between });
  });

  test.each([
    ["push", "PULL"],
    ["pub", "SUB"],
  ] as const)("trains of ours, %s, are read by its client", async (socket, kind) => {
    await using addresses = await Addresses.open();
    const bind = addresses.next();
    await using client = Program.python(PEER, "ask", kind, bind, TRAINS);
    const waits = socket === "pub" ? { waitForSubscribers: 1 } : {};
    const messages = madeTrains();
    await send(messages, new ZmqPublisher({ bind, socket, codec: karaboBridge({ version }), ...waits }));
    expect(await client.lines()).toEqual(expectedOf(messages));
  });

  test("trains of ours are read by its client that asks", async () => {
    await using addresses = await Addresses.open();
    const bind = addresses.next();
    await using client = Program.python(PEER, "ask", "REQ", bind, TRAINS);
    const messages = madeTrains();
    await send(messages, new ReplyPublisher(karaboBridge({ version }), () => openSocket("rep", { bind })));
    expect(await client.lines()).toEqual(expectedOf(messages));
  });

  test("events that know nothing of trains are read by its client", async () => {
    await using addresses = await Addresses.open();
    const bind = addresses.next();
    await using client = Program.python(PEER, "ask", "PULL", bind, 1);
    const event = new Event({ energy: 9.5, map: counts("float32", [4]) }, counts("uint16", [2, 3]), {
      run: "r",
      timeMs: 1_700_000_000_250,
    });
    const messages = [new Start({}, { run: "r" }), event as unknown as Message, new Stop({}, { run: "r" })];
    await send(messages, new ZmqPublisher({ bind, socket: "push", codec: karaboBridge({ version }) }));
    const stamp = {
      source: "arroyojs",
      timestamp: 1_700_000_000.25,
      "timestamp.tid": 1,
      "timestamp.sec": "1700000000",
      "timestamp.frac": "250000000000000000",
    };
    const properties = { "image.data": event.payload, ...event.metadata };
    expect(await client.lines()).toEqual([seen({ sources: { arroyojs: properties }, metadata: { arroyojs: stamp } })]);
  });
});

function expectedOf(messages: readonly Message[]): readonly unknown[] {
  return messages.filter(({ type }) => type === "event").map(seenIn);
}

test("what karabo-bridge says to other words is told apart from a train", async () => {
  await using addresses = await Addresses.open();
  const address = addresses.next();
  await using server = Program.python(PEER, "serve", "2.2", "REP", address, TRAINS, "made");
  const socket = await openSocket("req", { connect: address });
  await socket.send([Buffer.from("again")]);
  const [answer] = await socket.receive();
  await socket.close();
  server.input("");
  expect(Buffer.from(answer as Uint8Array).toString()).toMatch(/^Error: bad request/);
  const read = karaboBridge().reader({ maxMessageBytes: 1e6, maxHeaderBytes: 1e6, maxFrames: 64, maxDepth: 64 });
  expect(() => read([answer as Uint8Array])).toThrow(/./);
});
