import { describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { dectrisV1, dectrisV1Codec, dectrisV2, dectrisV2Codec } from "../../src/formats/dectris/index.ts";
import { Block } from "../../src/index.ts";
import type { Codec } from "../../src/message/codec.ts";
import type { Event } from "../../src/message/event.ts";
import type { AnyMessage } from "../../src/message/message.ts";
import { until } from "../../src/testing/conformance/until.ts";
import { openSocket } from "../../src/transports/zmq/open-socket.ts";
import { ZmqListener } from "../../src/transports/zmq/zmq-listener.ts";
import { ZmqPublisher } from "../../src/transports/zmq/zmq-publisher.ts";
import { testIo } from "../cli/test-io.ts";
import { Places } from "../transports/zmq/places.ts";
import { vectorsOf } from "./vectors.ts";

const WORKERS = 3;
const PATIENCE_MS = 10_000;

/** Reads the detector alone and deals out to so many workers, once all are there; the operator is none. */
async function fanOut(detector: string, workers: readonly string[], codec: Codec) {
  const publisher = new ZmqPublisher<AnyMessage>({ connect: workers, socket: "push", codec });
  const block = new Block<AnyMessage, AnyMessage>({
    name: "fan-out",
    listeners: [new ZmqListener({ connect: detector, socket: "pull", codec })],
    publishers: [publisher],
  });
  await block.start();
  await until(() => publisher.readers === workers.length, "all workers", PATIENCE_MS);
  return block;
}

async function addresses(places: Places, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => places.free("ipc")));
}

describe("one puller, then fan-out", () => {
  test.each<[string, Codec, Codec, (metadata: Record<string, Record<string, unknown>>) => unknown]>([
    ["dectris-v1", dectrisV1Codec, dectrisV1({ shared: true }), ({ header }) => header?.["frame"]],
    ["dectris-v2", dectrisV2Codec, dectrisV2({ shared: true }), ({ image_id }) => image_id],
  ])(
    "%s - each worker sees whole runs and its share, from a simulated detector",
    async (format, codec, shared, numberOf) => {
      await using places = new Places();
      const [detector, ...pulls] = (await addresses(places, WORKERS + 1)) as [string, ...string[]];
      const seen = pulls.map(() => [] as AnyMessage[]);
      const workers = pulls.map(
        (bind, index) =>
          new Block<AnyMessage, AnyMessage>({
            name: `worker ${index}`,
            listeners: [new ZmqListener({ bind, socket: "pull", codec: shared })],
            operator: (message) => void seen[index]?.push(message),
          }),
      );
      for (const block of workers) await block.start();
      await using dealer = await fanOut(detector, pulls, codec);
      const words = ["--bind", detector, "--shape", "16,16", "--rate", "10000", "--frames", "60", "--runs", "2"];
      expect(await main(["simulate", format, ...words], testIo())).toBe(0);
      const runs = (messages: readonly AnyMessage[], type: string): readonly string[] =>
        messages.filter((message) => message.type === type).map(({ run }) => String(run));
      await until(() => seen.every((messages) => runs(messages, "stop").length === 2), "two runs at each", PATIENCE_MS);
      for (const block of [dealer, ...workers]) await block.stop();

      const [first] = seen as [AnyMessage[], AnyMessage[], AnyMessage[]];
      for (const messages of seen) {
        expect(runs(messages, "start")).toEqual(runs(first, "start"));
        expect(runs(messages, "stop")).toEqual(runs(first, "start"));
        const [start] = messages;
        // The answer stands in the appendix or in the user data: all of the header came.
        expect(JSON.stringify(start?.type === "start" && start.data)).toContain('"radii":');
        expect(messages.every((message) => message.type !== "stop" || message.reason === "completed")).toBe(true);
      }
      const numbers = seen.flatMap((messages) =>
        messages.flatMap((message) =>
          message.type === "event" ? [`${message.run} ${String(numberOf((message as Event).metadata as never))}`] : [],
        ),
      );
      expect(numbers.length).toBe(120);
      expect(new Set(numbers).size).toBe(120);
      // Dealt in turn: nobody has less than a share, where all keep up.
      for (const messages of seen) expect(messages.filter(({ type }) => type === "event").length).toBeGreaterThan(20);
      expect(dealer.account).toMatchObject({ lost: 0, rejected: 0 });
    },
  );

  test.each([
    ["dectris-v1", dectrisV1Codec, "header-all-appendix", ["image-bs16-lz4", "image-appendix", "image-raw-u16"], "end"],
    ["dectris-v2", dectrisV2Codec, "start-all", ["image-u8-bslz4", "image-u16-bslz4", "image-u32-none"], "end"],
  ] as const)(
    "%s - header and end reach each worker byte for byte, all parts",
    async (format, codec, head, images, end) => {
      const wire = (name: string): readonly Uint8Array[] => {
        const vector = vectorsOf(format).find((one) => one.name.endsWith(name));
        if (vector === undefined) throw new Error(`there is no vector ${name}`);
        return vector.frames;
      };
      await using places = new Places();
      const [detector, ...pulls] = (await addresses(places, WORKERS + 1)) as [string, ...string[]];
      const workers = await Promise.all(pulls.map((bind) => openSocket("pull", { bind })));
      await using source = await openSocket("push", { bind: detector });
      await using dealer = await fanOut(detector, pulls, codec);
      for (const name of [head, ...images, end]) await source.send(wire(name));
      const got = await Promise.all(
        workers.map(async (worker) => [await worker.receive(), await worker.receive(), await worker.receive()]),
      );
      const plain = (frames: readonly Uint8Array[]): readonly string[] =>
        frames.map((frame) => Buffer.from(frame).toString("base64"));
      for (const [first, , last] of got) {
        expect(plain(first ?? [])).toEqual(plain(wire(head)));
        expect(plain(last ?? [])).toEqual(plain(wire(end)));
      }
      const dealt = got.map(([, image]) => plain(image ?? []).join());
      expect(dealt.sort()).toEqual(images.map((name) => plain(wire(name)).join()).sort());
      await dealer.stop();
      for (const worker of workers) await worker.close();
    },
  );
});
