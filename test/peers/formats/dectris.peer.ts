import { Event, type Message, Start, Stop } from "arroyojs";
import { dectrisV1, dectrisV2 } from "arroyojs/formats/dectris";
import { ZmqListener, ZmqPublisher } from "arroyojs/zmq";
import { describe, expect, test } from "vitest";
import { Addresses } from "../ends.ts";
import { Program } from "../program.ts";
import { counts } from "./arrays.ts";
import { Reader, send } from "./reader.ts";
import { said, seen } from "./seen.ts";

const PEER = "test/peers/formats/dectris_peer.py";
const SHAPE = [30, 44];
const IMAGES = ["uint8", "uint16", "uint32"] as const;

test.each([
  ["v1", "none"],
  ["v1", "lz4"],
  ["v1", "lz4-framed"],
  ["v1", "bslz4"],
  ["v2", "none"],
  ["v2", "lz4"],
  ["v2", "bslz4"],
  ["v2", "bszstd"],
] as const)("dectris %s with %s - a series that Python sends is read as it was sent", async (version, compression) => {
  await using addresses = await Addresses.open();
  const address = addresses.next();
  const codec = version === "v1" ? dectrisV1() : dectrisV2();
  await using detector = Program.python(PEER, "send", version, address, compression);
  await using reader = await Reader.open(new ZmqListener({ connect: address, socket: "pull", codec }));
  await reader.hasStops(1, detector);
  expect(reader.messages.map(said)).toEqual(await detector.lines());
  expect(reader.messages[0]?.run).toBe(version === "v1" ? "7" : "01HF8");
  expect(await reader.stop()).toMatchObject({ events: IMAGES.length, rejected: 0, lost: 0, failed: 0 });
});

function series(): readonly Message[] {
  const images = IMAGES.map((dtype, number) => new Event({}, counts(dtype, SHAPE, number + 1), { run: "7" }));
  return [new Start({}, { run: "7" }), ...images, new Stop({}, { run: "7" })] as unknown as readonly Message[];
}

describe.each(["none", "lz4", "bslz4"] as const)("dectris with %s, written here and read by Python", (compression) => {
  test("v1", async () => {
    await using addresses = await Addresses.open();
    const bind = addresses.next();
    const messages = series();
    await using client = Program.python(PEER, "receive", "v1", bind, messages.length);
    await send(messages, new ZmqPublisher({ bind, socket: "push", codec: dectrisV1({ compression }) }));
    const images = (messages as readonly Event[]).slice(1, -1);
    expect(await client.lines()).toEqual([
      { header: { htype: "dheader-1.0", series: 7, header_detail: "none" }, config: null },
      ...images.map(({ payload }, frame) => ({ frame, image: seen(payload) })),
      { header: { htype: "dseries_end-1.0", series: 7 } },
    ]);
  });

  test("v2", async () => {
    await using addresses = await Addresses.open();
    const bind = addresses.next();
    const messages = series();
    await using client = Program.python(PEER, "receive", "v2", bind, messages.length);
    await send(messages, new ZmqPublisher({ bind, socket: "push", codec: dectrisV2({ compression }) }));
    const ids = { series_id: 7, series_unique_id: "7" };
    const images = (messages as readonly Event[]).slice(1, -1);
    expect(await client.lines()).toMatchObject([
      { type: "start", ...ids },
      ...images.map(({ payload }, number) => {
        return { type: "image", ...ids, image_id: number, data: { threshold_1: seen(payload) } };
      }),
      { type: "end", ...ids },
    ]);
  });
});
