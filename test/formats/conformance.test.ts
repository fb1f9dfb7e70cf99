import { describe, test } from "vitest";
import { arroyopy, arroyopyCodec } from "../../src/formats/arroyopy/index.ts";
import { arroyosasCodec } from "../../src/formats/arroyosas/index.ts";
import { timepixCodec } from "../../src/formats/timepix/index.ts";
import { arrayOf } from "../../src/message/documents/index.ts";
import { Event } from "../../src/message/event.ts";
import { jsonCodec } from "../../src/message/json-codec.ts";
import type { AnyMessage, Message } from "../../src/message/message.ts";
import { isNdArray } from "../../src/message/ndarray.ts";
import { rawCodec } from "../../src/message/raw-codec.ts";
import { Start } from "../../src/message/start.ts";
import { Stop } from "../../src/message/stop.ts";
import { type CodecSubject, codecSuite } from "../../src/testing/conformance/codec.ts";
import { oneOfEverything } from "../../src/testing/conformance/one-of-everything.ts";

const NEVER_AGAIN = {
  "writer - gives the Starts of the open runs again": "nothing in the format tells a repetition from a new Start",
};
const ONE_PART = { ...NEVER_AGAIN, "zero copy - a payload is written as it is": "all of a message is in one part" };
const IN_TURN = {
  ...ONE_PART,
  "reader - keeps its state to itself": "messages in reverse order overlap, and the writer refuses that",
};

/** Messages of runs: what belongs to none would get a made-up run from the reader. */
const OF_RUNS = oneOfEverything().filter(({ run }) => run !== undefined);
const EVENTS = OF_RUNS.filter((message): message is Event => message.type === "event");

/** Makes what arrives where content and run are carried and nothing else, with the fields that the writer adds. */
function carried(
  added: (message: AnyMessage) => object,
  { times = false, nothingIsArray = false } = {},
): (message: Message) => AnyMessage {
  return (message) => {
    const fields = { msg_type: message.type, ...added(message) };
    if (message.type === "start") return new Start({ ...fields, ...message.data }, { run: message.run });
    if (message.type === "stop") return new Stop({ ...fields, ...message.data }, { run: message.run });
    const { run = "", timeMs } = message.envelope;
    const time = times && timeMs !== undefined ? { timeMs: (timeMs / 1000) * 1000 } : {};
    const payload = isNothing(message) && !nothingIsArray ? message.payload : arrayOf(message.payload);
    return new Event({ ...message.metadata, ...fields }, payload, { run, ...time });
  };
}

function isNothing({ payload }: Event): boolean {
  return !isNdArray(payload) && payload.length === 0;
}

function arroyopyFields(form: string): (message: AnyMessage) => object {
  return (message) => {
    if (message.type === "start") return { run_id: message.run };
    return message.type === "event" && !isNothing(message) ? { image: { array: { $payload: form } } } : {};
  };
}

function arroyosasFields(message: AnyMessage): object {
  const { run } = message;
  if (message.type === "start") {
    return { run_name: run, run_id: run, width: 0, height: 0, data_type: "", tiled_url: "" };
  }
  if (message.type === "stop") return { num_frames: EVENTS.filter((event) => event.run === run).length };
  return { image: { array: { $payload: "map" } }, frame_number: EVENTS.indexOf(message as Event), tiled_url: "" };
}

function timepixFields(message: AnyMessage): object {
  const { run } = message;
  if (message.type === "start") return { scan_name: run };
  if (message.type === "stop") {
    return { scan_name: run, total_flushes: EVENTS.filter((event) => event.run === run).length };
  }
  const { timeMs } = message.envelope;
  const { shape, dtype } = arrayOf(message.payload);
  return {
    shape,
    dtype,
    ...(timeMs !== undefined && { timestamp: timeMs / 1000 }),
    scan_name: run,
    flush_number: EVENTS.indexOf(message as Event) + 1,
  };
}

const subjects: readonly CodecSubject[] = [
  {
    name: "json",
    codec: jsonCodec,
    cannot: {
      ...ONE_PART,
      "zero copy - a payload is read as a view": "arrays are base64",
      "limits - a header that is too large is rejected": "a long text cannot be told from a payload; structure can",
    },
  },
  {
    name: "raw",
    codec: rawCodec,
    messages: EVENTS.filter(({ payload }) => !isNdArray(payload)),
    arrives: (message) => new Event({ frames: [] }, (message as Event).payload),
    cannot: {
      ...NEVER_AGAIN,
      "limits - a header that is too large is rejected": "nothing is a header",
      "limits - contents that are nested too deep are rejected": "nothing is looked into",
    },
  },
  {
    name: "arroyopy",
    codec: arroyopyCodec,
    messages: OF_RUNS,
    arrives: carried(arroyopyFields("msgpack-numpy")),
    cannot: IN_TURN,
  },
  {
    name: "arroyopy, arrays as maps",
    codec: arroyopy({ arrays: "map" }),
    messages: OF_RUNS,
    arrives: carried(arroyopyFields("map")),
    cannot: IN_TURN,
  },
  {
    name: "arroyosas",
    codec: arroyosasCodec,
    messages: OF_RUNS,
    arrives: carried(arroyosasFields, { nothingIsArray: true }),
    cannot: IN_TURN,
  },
  {
    name: "timepix",
    codec: timepixCodec,
    // Shape and dtype are fields of this format: metadata cannot have others of these names.
    messages: OF_RUNS.map((message) =>
      message.type === "event" ? new Event({ n: EVENTS.indexOf(message) }, message.payload, message.envelope) : message,
    ),
    arrives: (message) => {
      const event = EVENTS[message.type === "event" ? (message.metadata["n"] as number) : -1];
      const fields = event === undefined ? timepixFields(message) : timepixFields(event);
      return carried(() => fields, { times: true, nothingIsArray: true })(message);
    },
    cannot: NEVER_AGAIN,
  },
];

for (const subject of subjects) {
  describe(`${subject.name} - conformance`, () => {
    for (const { name, run } of codecSuite(subject)) test(name, run);
  });
}
