import { type Codec, Event, type Message, Start, Stop } from "arroyojs";
import { array10 } from "arroyojs/formats/array";
import { arroyoxpsCodec } from "arroyojs/formats/arroyoxps";
import { dectrisV1 } from "arroyojs/formats/dectris";
import { odin } from "arroyojs/formats/odin";
import { slsDetector } from "arroyojs/formats/slsdetector";
import { stins } from "arroyojs/formats/stins";
import { timepixCodec } from "arroyojs/formats/timepix";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { expect, test } from "vitest";
import { Addresses } from "../ends.ts";
import { Program } from "../program.ts";
import { counts } from "./arrays.ts";
import { Reader, send } from "./reader.ts";
import { said, seen } from "./seen.ts";

const PEER = "test/peers/formats/detectors_peer.py";

/** What is read of each format, how many events, and whether the wire says where a run begins and ends. */
const READ: readonly (readonly [
  format: string,
  compression: string,
  codec: Codec,
  events: number,
  hasRuns: boolean,
])[] = [
  ["stins", "none", stins(), 6, true],
  ["stins", "bslz4", stins(), 6, true],
  ["odin", "none", odin(), 5, false],
  ["odin", "LZ4", odin(), 5, false],
  ["odin", "BSLZ4", odin(), 5, false],
  ["slsdetector", "none", slsDetector({ ports: 1 }), 4, false],
  ["array-1.0", "none", array10(), 8, false],
  ["timepix", "none", timepixCodec, 3, true],
  ["arroyoxps", "none", arroyoxpsCodec, 10, true],
];

test.each(READ)(
  "%s, %s - what Python sends is read as it was sent",
  async (format, compression, codec, events, hasRuns) => {
    await using addresses = await Addresses.open();
    const address = addresses.next();
    await using detector = Program.python(PEER, "send", format, address, compression);
    await using reader = await Reader.open(new ZmqListener({ connect: address, socket: "pull", codec }));
    if (hasRuns) await reader.hasStops(format === "arroyoxps" ? 5 : 1, detector);
    else await reader.has(events, detector);
    const sent = (await detector.lines()) as readonly { type: string }[];
    const account = await reader.stop();
    const kept = reader.messages.filter(({ type }) => hasRuns || type === "event");
    expect(kept.map(said)).toEqual(sent.filter(({ type }) => hasRuns || type === "event"));
    expect(account).toMatchObject({ events, rejected: 0, lost: 0, failed: 0 });
    expect(reader.stops.every(({ run }) => reader.starts.some((start) => start.run === run))).toBe(true);
  },
);

const XPS = { "Pass Energy": 200, data_type: "U16", Rectangle: { Left: 8, Top: 5, Right: 28, Bottom: 17 } };

/** What is written, the array of an event, and what Python reads before, of and after each image. */
const WRITTEN: readonly {
  readonly format: string;
  readonly name: string;
  readonly codec: Codec;
  readonly shape?: readonly number[];
  readonly dtype?: "uint16" | "uint32" | "float32";
  readonly start?: object;
  readonly before?: object;
  readonly image: (number: number) => object;
  readonly after?: object;
  /** Wire messages of a run of three images. */
  readonly wires: number;
}[] = [
  ...([undefined, "bslz4"] as const).map((compression) => ({
    format: "stins",
    name: compression ?? "none",
    codec: stins(compression === undefined ? {} : { compression }),
    before: { htype: "header", run_id: "7" },
    image: (number: number) => ({ htype: "image", frame: number, type: "uint16", shape: [24, 40] }),
    after: { htype: "series_end" },
    wires: 5,
  })),
  ...(["none", "lz4", "bslz4"] as const).map((compression) => ({
    format: "odin",
    name: compression,
    codec: odin({ compression }),
    image: (number: number) => ({ frame: number, acquisition: "7" }),
    wires: 3,
  })),
  {
    format: "slsdetector",
    name: "",
    codec: slsDetector(),
    dtype: "uint32",
    image: (number) => ({ frame: number, file: 7 }),
    after: { end: 7 },
    wires: 4,
  },
  {
    format: "array-1.0",
    name: "",
    codec: array10(),
    shape: [2, 6, 8],
    dtype: "float32",
    image: (number) => ({ frame: number }),
    wires: 3,
  },
  {
    format: "timepix",
    name: "",
    codec: timepixCodec,
    shape: [12, 10, 7],
    dtype: "uint32",
    before: { msg_type: "start", scan_name: "7" },
    image: (number) => ({ flush: number + 1, scan: "7" }),
    after: { msg_type: "stop", scan_name: "7" },
    wires: 5,
  },
  {
    format: "arroyoxps",
    name: "",
    codec: arroyoxpsCodec,
    shape: [12, 20],
    start: XPS,
    before: { msg_type: "start" },
    image: (number) => ({ frame: number }),
    after: { msg_type: "stop" },
    wires: 8,
  },
];

test.each(WRITTEN)("$format $name - what is written here Python reads", async (one) => {
  const { format, codec, shape = [24, 40], dtype = "uint16", start = {}, before, image, after, wires } = one;
  await using addresses = await Addresses.open();
  const bind = addresses.next();
  await using client = Program.python(PEER, "receive", format, bind, wires);
  const images = [0, 1, 2].map((number) => counts(dtype, shape, number + 1));
  const events = images.map((payload) => new Event({}, payload, { run: "7" }) as unknown as Message);
  const messages = [new Start({ ...start }, { run: "7" }), ...events, new Stop({}, { run: "7" })];
  await send(messages, new ZmqPublisher({ bind, socket: "push", codec }));
  expect(await client.lines()).toMatchObject([
    ...(before === undefined ? [] : [before]),
    ...images.map((array, number) => ({ ...image(number), image: seen(array) })),
    ...(after === undefined ? [] : [after]),
  ]);
});

test("dectris-v1, with an appendix - is read by dranspose", async () => {
  await using addresses = await Addresses.open();
  const bind = addresses.next();
  await using client = Program.python(PEER, "receive", "dectris-v1", bind, 4);
  const images = [0, 1].map((number) => counts("uint16", [30, 44], number + 1));
  const arrays = {
    flatfield: counts("float32", [30, 44]),
    pixelmask: counts("uint32", [30, 44]),
    countrate_table: counts("float32", [2, 5]),
  };
  const messages = [
    new Start({ config: { nimages: 2 }, ...arrays, user: "µ" }, { run: "7" }),
    ...images.map((payload) => new Event({}, payload, { run: "7" }) as unknown as Message),
    new Stop({}, { run: "7" }),
  ];
  await send(messages, new ZmqPublisher({ bind, socket: "push", codec: dectrisV1({ appendix: {} }) }));
  expect(await client.lines()).toMatchObject([
    { htype: "dheader-1.0", series: 7, header_detail: "all", info: { nimages: 2 }, appendix: { user: "µ" } },
    ...images.map((payload, frame) => ({ frame, series: 7, image: seen(payload), times: { htype: "dconfig-1.0" } })),
    { htype: "dseries_end-1.0", series: 7 },
  ]);
});
