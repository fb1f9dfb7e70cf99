import { describe, expect, test } from "vitest";
import { dectrisV1, dectrisV1Codec, dectrisV2Codec } from "../../src/formats/dectris/index.ts";
import { odinCodec } from "../../src/formats/odin/index.ts";
import { stinsCodec } from "../../src/formats/stins/index.ts";
import { type AnyMessage, Block, type Codec, type Inlet, Listener, NdArray, Publisher } from "../../src/index.ts";
import { Event } from "../../src/message/event.ts";
import type { Message } from "../../src/message/message.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";

type Wire = readonly Uint8Array[];

/** Brings wire messages that are given beforehand. */
class Given extends Listener {
  override readonly codec: Codec;
  readonly #wire: readonly Wire[];

  constructor(codec: Codec, wire: readonly Wire[]) {
    super();
    this.codec = codec;
    this.#wire = wire;
  }

  override async start(inlet: Inlet): Promise<void> {
    inlet.ready();
    for (const frames of this.#wire) await inlet.putFrames(frames);
  }
}

/** Keeps what it is given, in a format. */
class Taken extends Publisher {
  override readonly codec: Codec;
  readonly wire: Wire[] = [];

  constructor(codec: Codec) {
    super();
    this.codec = codec;
  }

  override publish(message: Message): void {
    this.wire.push(...this.encode(message));
  }
}

/** Runs a block over wire messages until they end; tells what its operator saw, what it sent, and its account. */
async function seen(codec: Codec, wire: readonly Wire[]) {
  const messages: string[] = [];
  const publisher = new Taken(codec);
  const block = new Block({
    name: "reader",
    listeners: [new Given(codec, wire)],
    operator: (message: AnyMessage) => {
      messages.push(`${message.type} ${message.run}${message.type === "stop" ? ` ${message.reason}` : ""}`);
      return message;
    },
    publishers: [publisher],
    startWaitMs: 1,
  });
  await block.start();
  return { messages, account: await block.finished, sent: publisher.wire };
}

const IMAGE = new NdArray(Uint16Array.of(1, 2), [1, 2]);

function wireOf(codec: Codec, runs: readonly string[]): readonly Wire[] {
  const write = codec.writer();
  return runs
    .flatMap((run) => [
      new Start({}, { run }),
      ...[0, 1, 2, 3].map(() => new Event({}, IMAGE, { run })),
      new Stop({}, { run }),
    ])
    .flatMap((message) => write(message));
}

const inHex = (wire: readonly Wire[]): readonly (readonly string[])[] =>
  wire.map((frames) => frames.map((frame) => Buffer.from(frame).toString("hex")));

const EVENTS = (run: string): readonly string[] => Array.from({ length: 4 }, () => `event ${run}`);

describe("formats of detectors in a block", () => {
  for (const codec of [dectrisV1Codec, dectrisV2Codec, stinsCodec]) {
    test(`${codec.name} - a run arrives whole and goes on as it came`, async () => {
      const wire = wireOf(codec, ["7"]);
      const { messages, account, sent } = await seen(codec, wire);
      expect(messages).toEqual(["start 7", ...EVENTS("7"), "stop 7 completed"]);
      expect(account).toMatchObject({ received: 6, finished: 6, rejected: 0, lost: 0 });
      expect(inHex(sent)).toEqual(inHex(wire));
    });

    test(`${codec.name} - what is missing in the middle is counted as lost`, async () => {
      const wire = wireOf(codec, ["7"]).filter((_, index) => index !== 2 && index !== 3);
      expect((await seen(codec, wire)).account).toMatchObject({ received: 4, lost: 2 });
    });

    test(`${codec.name} - images whose header went elsewhere get a made Start`, async () => {
      const { messages } = await seen(codec, wireOf(codec, ["7"]).slice(1));
      expect(messages).toHaveLength(6);
      expect(messages[0]).toMatch(/^start /);
      expect(messages[5]).toMatch(/^stop .* completed$/);
    });

    test(`${codec.name} - a run whose end went elsewhere is over when the next one begins`, async () => {
      const wire = wireOf(codec, ["7", "8"]).toSpliced(5, 1);
      const { messages } = await seen(codec, wire);
      expect(messages.slice(0, 7)).toEqual(["start 7", ...EVENTS("7"), "stop 7 abandoned", "start 8"]);
    });
  }

  test("dectris-v1 - where several readers share the stream nothing is called lost", async () => {
    const wire = wireOf(dectrisV1Codec, ["7"]).filter((_, index) => index !== 2 && index !== 3);
    expect((await seen(dectrisV1({ shared: true }), wire)).account).toMatchObject({ received: 4, lost: 0 });
  });

  test("odin - each acquisition is a run, and frames that were not sampled are no loss", async () => {
    const wire = wireOf(odinCodec, ["a", "b"]).filter((_, index) => index !== 2);
    const { messages, account, sent } = await seen(odinCodec, wire);
    expect(messages).toEqual([
      "start a",
      ...EVENTS("a").slice(1),
      "stop a completed",
      "start b",
      ...EVENTS("b"),
      "stop b abandoned",
    ]);
    expect(account).toMatchObject({ rejected: 0, lost: 0 });
    expect(inHex(sent)).toEqual(inHex(wire));
  });
});
