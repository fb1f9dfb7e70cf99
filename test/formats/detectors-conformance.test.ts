import { describe, test } from "vitest";
import { dectrisV1, dectrisV1Codec, dectrisV2, dectrisV2Codec } from "../../src/formats/dectris/index.ts";
import { odin, odinCodec } from "../../src/formats/odin/index.ts";
import { stins, stinsCodec } from "../../src/formats/stins/index.ts";
import type { Codec } from "../../src/message/codec.ts";
import { Event } from "../../src/message/event.ts";
import { DEFAULT_LIMITS } from "../../src/message/limits.ts";
import type { Message } from "../../src/message/message.ts";
import { isNdArray, NdArray } from "../../src/message/ndarray.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { type CodecSubject, codecSuite } from "../../src/testing/conformance/codec.ts";
import { oneOfEverything } from "../../src/testing/conformance/one-of-everything.ts";

const NEVER_AGAIN = {
  "writer - gives the Starts of the open runs again": "nothing in the format tells a repetition from a new Start",
};
const COMPRESSED = {
  ...NEVER_AGAIN,
  "zero copy - a payload is written as it is": "it is compressed",
  "zero copy - a payload is read as a view": "it is compressed",
};
const ONE_PART = { "zero copy - a payload is written as it is": "all of a message is in one part" };
const IN_TURN = {
  "reader - keeps its state to itself": "messages in reverse order overlap, and the writer refuses that",
};

/** One of everything in runs that are named by numbers, with no bytes beside payloads: JSON has no form for them. */
const RUNS: readonly Message[] = oneOfEverything()
  .filter(({ run }) => run !== undefined)
  .map((message) => {
    const run = String(40 + "123".indexOf((message.run as string).charAt(4)));
    if (message.type === "event") return new Event(message.metadata, message.payload, { run });
    const { bytes, ...data } = message.data;
    return message.type === "start" ? new Start(data, { run }) : new Stop(data, { run });
  });

const ODIN_TYPES: readonly string[] = ["uint8", "uint16", "uint32", "uint64", "float32"];
const IMAGES: readonly Message[] = RUNS.filter(
  (message) => message.type === "event" && isNdArray(message.payload) && ODIN_TYPES.includes(message.payload.dtype),
);

/**
 * Gives messages as they are behind the wire, with all fields of the format, in memory of their own: these must come
 * back as they are. What a format makes of other messages its own tests say.
 */
function asRead(codec: Codec, messages: readonly Message[]): readonly Message[] {
  const writer = codec.writer();
  const read = codec.reader(DEFAULT_LIMITS);
  return messages
    .flatMap((message) => writer(message))
    .flatMap((wire) => read(wire))
    .map(({ message }) => {
      if (message.type === "start") return new Start({ ...message.data }, message.envelope);
      if (message.type === "stop") return new Stop({ ...message.data }, message.envelope);
      const { dtype, shape, data } = message.payload as NdArray;
      return new Event({ ...message.metadata }, new NdArray(data.slice(), shape, dtype), message.envelope);
    });
}

const subject = (name: string, codec: Codec, messages: readonly Message[], cannot: object): CodecSubject => ({
  name,
  codec,
  messages: asRead(codec, messages),
  cannot: { ...NEVER_AGAIN, ...cannot },
});

const subjects: readonly CodecSubject[] = [
  subject("dectris-v1", dectrisV1Codec, RUNS, COMPRESSED),
  subject("dectris-v1, lz4", dectrisV1({ compression: "lz4" }), RUNS, COMPRESSED),
  subject("dectris-v1, not compressed", dectrisV1({ compression: "none" }), RUNS, {}),
  subject("dectris-v2", dectrisV2Codec, RUNS, COMPRESSED),
  subject("dectris-v2, lz4", dectrisV2({ compression: "lz4" }), RUNS, COMPRESSED),
  subject("dectris-v2, not compressed", dectrisV2({ compression: "none" }), RUNS, {
    ...ONE_PART,
    "zero copy - a payload is read as a view":
      "the elements of a part that is CBOR stand at any place, also at odd ones",
  }),
  subject("stins", stinsCodec, RUNS, IN_TURN),
  subject("stins, compressed", stins({ compression: "bslz4" }), RUNS, { ...IN_TURN, ...COMPRESSED }),
  subject("odin", odinCodec, IMAGES, {
    "zero copy - a payload is read as a view": "before the first image comes a Start; its own tests look at the image",
  }),
  subject("odin, compressed", odin({ compression: "bslz4" }), IMAGES, COMPRESSED),
];

for (const each of subjects) {
  describe(`${each.name} - conformance`, () => {
    for (const { name, run } of codecSuite(each)) test(name, run);
  });
}
