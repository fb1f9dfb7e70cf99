import { describe, expect, test } from "vitest";
import { arroyopyCodec } from "../../src/formats/arroyopy/index.ts";
import { arroyosasCodec } from "../../src/formats/arroyosas/index.ts";
import { timepixCodec } from "../../src/formats/timepix/index.ts";
import { type AnyMessage, Block, type Codec, type Inlet, jsonCodec, Listener, NdArray } from "../../src/index.ts";
import { Event } from "../../src/message/event.ts";
import type { Message } from "../../src/message/message.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { packed } from "./wire.ts";

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

/** Runs a block over wire messages until they end; tells what its operator saw, and its account. */
async function seen(codec: Codec, wire: readonly Wire[]) {
  const messages: string[] = [];
  const block = new Block({
    name: "reader",
    listeners: [new Given(codec, wire)],
    operator: (message: AnyMessage) => {
      messages.push(`${message.type} ${message.run}${message.type === "stop" ? ` ${message.reason}` : ""}`);
    },
    startWaitMs: 1,
  });
  await block.start();
  return { messages, account: await block.finished };
}

function written(codec: Codec, messages: readonly Message[]): readonly Wire[] {
  const write = codec.writer({ stream: "camera" });
  return messages.flatMap((message) => write(message));
}

const IMAGE = new NdArray(Uint16Array.of(1, 2), [1, 2]);
const RUN = [
  new Start({}, { run: "r" }),
  ...[0, 1, 2, 3].map(() => new Event({}, IMAGE, { run: "r" })),
  new Stop({}, { run: "r" }),
];

describe("formats in a block", () => {
  for (const codec of [jsonCodec, arroyopyCodec, arroyosasCodec, timepixCodec]) {
    test(`${codec.name} - a run arrives whole`, async () => {
      const { messages, account } = await seen(codec, written(codec, RUN));
      expect(messages).toEqual(["start r", "event r", "event r", "event r", "event r", "stop r completed"]);
      expect(account).toMatchObject({ received: 6, finished: 6, rejected: 0, lost: 0 });
    });
  }

  for (const codec of [arroyosasCodec, timepixCodec]) {
    test(`${codec.name} - what is missing in the middle is counted as lost`, async () => {
      const wire = written(codec, RUN).filter((_, index) => index !== 2 && index !== 3);
      expect((await seen(codec, wire)).account).toMatchObject({ received: 4, lost: 2 });
    });
  }

  test("arroyosas - a flush loses nothing and reaches the operator", async () => {
    const array = { data: Uint8Array.of(0), dtype: "uint8", shape: [1, 1] };
    const flush = [packed({ msg_type: "event", image: { array }, frame_number: 0, tiled_url: "FLUSH_SIGNAL" })];
    const wire = written(arroyosasCodec, RUN).flatMap((frames) => [frames, flush]);
    const { messages, account } = await seen(arroyosasCodec, wire);
    expect(messages.filter((message) => message === "event undefined")).toHaveLength(6);
    expect(account).toMatchObject({ received: 12, finished: 12, lost: 0 });
  });

  test("arroyosas - a run without a Stop is abandoned at the next Start", async () => {
    const next = written(arroyosasCodec, [new Start({}, { run: "s" }), new Stop({}, { run: "s" })]);
    const { messages } = await seen(arroyosasCodec, [...written(arroyosasCodec, RUN.slice(0, 2)), ...next]);
    expect(messages).toEqual(["start r", "event r", "stop r abandoned", "start s", "stop s completed"]);
  });

  test("arroyosas - who joins in the middle sees a run with a made Start", async () => {
    const { messages } = await seen(arroyosasCodec, written(arroyosasCodec, RUN).slice(1));
    expect(messages).toHaveLength(6);
    expect(messages[0]).toMatch(/^start [0-9a-f-]{36}$/);
    expect(messages[5]).toMatch(/^stop [0-9a-f-]{36} completed$/);
  });
});
