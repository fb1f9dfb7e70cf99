import { Event, type Message, Start, Stop } from "arroyojs";
import { bsread } from "arroyojs/formats/bsread";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { describe, expect, test } from "vitest";
import { Places } from "../../transports/zmq/places.ts";
import { Program } from "../program.ts";
import { counts } from "./arrays.ts";
import { Reader, send } from "./reader.ts";
import { seen } from "./seen.ts";

const PEER = "test/peers/formats/bsread_peer.py";
const PULSES = 5;
const COMPRESSIONS = ["none", "lz4", "bitshuffle_lz4"] as const;

interface Pulse {
  readonly pulse: number;
  readonly time: readonly [number, number];
  readonly values: Readonly<Record<string, unknown>>;
}

/** Says of an event what the sender says of it. */
function pulseOf({ metadata, payload }: Event): unknown {
  const { header, values } = metadata as {
    header: { pulse_id: number; global_timestamp: { sec: number; ns: number } };
  } & {
    values: unknown;
  };
  const { sec, ns } = header.global_timestamp;
  return { pulse: header.pulse_id, time: [sec, ns], values: seen(values, payload) };
}

async function place(): Promise<{ readonly address: string; readonly port: string }> {
  await using places = new Places();
  const address = await places.free("tcp");
  return { address, port: address.slice(address.lastIndexOf(":") + 1) };
}

describe.each(COMPRESSIONS)("bsread, channels %s", (compression) => {
  test.each(COMPRESSIONS)("header %s - what its sender pushes is read as it was sent", async (header) => {
    const { address, port } = await place();
    await using sender = Program.python(PEER, "send", "PUSH", port, compression, header, PULSES);
    await using reader = await Reader.open(new ZmqListener({ connect: address, socket: "pull", codec: bsread() }));
    await reader.has(PULSES, sender);
    sender.input("");
    expect(reader.events.map(pulseOf)).toEqual(await sender.lines());
    for (const { metadata } of reader.events) {
      const times = new Set(Object.values(metadata["timestamps"] as object).map((time) => JSON.stringify(time)));
      expect(times.size).toBe(2); // that of the pulse, and none where there is nothing
    }
    expect(await reader.stop()).toMatchObject({ events: PULSES, rejected: 0, lost: 0, failed: 0 });
  });

  test("what its sender publishes is read as it was sent", async () => {
    const { address, port } = await place();
    await using sender = Program.python(PEER, "send", "PUB", port, compression, "none", 0);
    await using reader = await Reader.open(new ZmqListener({ connect: address, codec: bsread() }));
    await reader.has(PULSES, sender);
    const { rejected, failed } = await reader.stop();
    sender.input("");
    const sent = new Map((await sender.lines()).map((line) => [(line as Pulse).pulse, line]));
    for (const pulse of reader.events.map(pulseOf) as readonly Pulse[]) expect(pulse).toEqual(sent.get(pulse.pulse));
    expect([rejected, failed]).toEqual([0, 0]);
  });

  test.each([
    ["push", "PULL"],
    ["pub", "SUB"],
  ] as const)("messages of ours, %s, are read by its receiver", async (socket, mode) => {
    const { address, port } = await place();
    await using receiver = Program.python(PEER, "receive", mode, port, PULSES);
    const messages = madePulses();
    const waits = socket === "pub" ? { waitForSubscribers: 1 } : {};
    await send(messages, new ZmqPublisher({ bind: address, socket, codec: bsread({ compression }), ...waits }));
    const read = (await receiver.lines()) as readonly (Pulse & { types: object; times: object })[];
    expect(read).toHaveLength(PULSES);
    for (const [number, { pulse, time, values, types, times }] of read.entries()) {
      const { metadata, payload, envelope } = (messages as readonly Event[])[number + 1] as Event;
      expect(pulse - (read[0]?.pulse as number)).toBe(number);
      expect(time).toEqual([1_700_000_000 + number, 250_000_000]);
      expect(values).toEqual(seen({ image: payload, ...metadata }));
      expect(types).toMatchObject({ energy: "float64", image: null, name: null });
      expect(Object.values(times)).toEqual(Object.values(values).map(() => time));
      expect(envelope.timeMs).toBe(1_700_000_000_250 + 1000 * number);
    }
  });
});

const TYPES = [
  "bool",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float32",
  "float64",
] as const;

function madePulses(): readonly Message[] {
  const pulses = Array.from({ length: PULSES }, (_, number) => {
    const arrays = Object.fromEntries(TYPES.map((dtype) => [`A:${dtype}`, counts(dtype, [3, 5], number + 1)]));
    const timeMs = 1_700_000_000_250 + 1000 * number;
    return new Event({ ...arrays, energy: -9.5, name: "östlich" }, counts("uint16", [40, 64], number), {
      run: "r",
      timeMs,
    });
  });
  return [new Start({}, { run: "r" }), ...pulses, new Stop({}, { run: "r" })] as unknown as readonly Message[];
}
