import { describe, expect, test } from "vitest";
import { array10Codec } from "../../src/formats/array/index.ts";
import { arroyoxpsCodec } from "../../src/formats/arroyoxps/index.ts";
import { blueskyKafkaCodec, blueskyZmq, blueskyZmqCodec } from "../../src/formats/bluesky/index.ts";
import { bsread } from "../../src/formats/bsread/index.ts";
import { essCodec } from "../../src/formats/ess/index.ts";
import { karaboBridgeCodec } from "../../src/formats/karabo-bridge/index.ts";
import { slsDetectorCodec } from "../../src/formats/slsdetector/index.ts";
import { type AnyMessage, Block, type Codec, type Inlet, Listener, NdArray } from "../../src/index.ts";
import { Event } from "../../src/message/event.ts";
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

async function seen(codec: Codec, wire: readonly Wire[]) {
  const messages: string[] = [];
  const block = new Block({
    name: "reader",
    listeners: [new Given(codec, wire)],
    operator: (message: AnyMessage) => {
      messages.push(message.type === "stop" ? `${message.type} ${message.reason}` : message.type);
    },
    startWaitMs: 1,
  });
  await block.start();
  const account = await block.finished;
  return { messages, account };
}

const IMAGE = new NdArray(Uint16Array.of(1, 2), [1, 2]);
const RUN: readonly AnyMessage[] = [
  new Start({}, { run: "7" }),
  ...[1, 2, 3, 4].map((timeMs) => new Event({}, IMAGE, { run: "7", timeMs })),
  new Stop({}, { run: "7" }),
];

/** Writes the run; each list is what one message became. */
function written(codec: Codec): readonly (readonly Wire[])[] {
  const write = codec.writer({ stream: "camera" });
  return RUN.map((message) => write(message));
}

const bsreadCodec = bsread({ pulseStep: 1 });
/** Formats with runs, and how many events a run of four has on the wire. */
const WITH_RUNS: readonly (readonly [Codec, number])[] = [
  [blueskyZmqCodec, 5],
  [blueskyZmq({ serializer: "json" }), 5],
  [blueskyKafkaCodec, 5],
  [slsDetectorCodec, 4],
  [arroyoxpsCodec, 4],
  [essCodec, 4],
];

describe("facility formats in a block", () => {
  for (const [codec, events] of WITH_RUNS) {
    test(`${codec.name} - a run arrives whole`, async () => {
      const { messages, account } = await seen(codec, written(codec).flat());
      expect(messages).toEqual(["start", ...Array<string>(events).fill("event"), "stop completed"]);
      expect(account).toMatchObject({ received: events + 2, finished: events + 2, rejected: 0, lost: 0 });
    });
  }

  for (const codec of [array10Codec, bsreadCodec, karaboBridgeCodec]) {
    test(`${codec.name} - the stream is one run, which ends with the source`, async () => {
      const { messages, account } = await seen(codec, written(codec).flat());
      expect(messages).toEqual(["start", "event", "event", "event", "event", "stop abandoned"]);
      expect(account).toMatchObject({ rejected: 0, lost: 0 });
    });
  }

  for (const codec of [
    ...[blueskyZmqCodec, blueskyKafkaCodec, slsDetectorCodec, arroyoxpsCodec],
    ...[array10Codec, bsreadCodec, karaboBridgeCodec],
  ]) {
    test(`${codec.name} - what is missing in the middle is counted as lost`, async () => {
      const wire = written(codec).filter((_, index) => index !== 2 && index !== 3);
      expect((await seen(codec, wire.flat())).account).toMatchObject({ rejected: 0, lost: 2 });
    });
  }
});
