import { anything } from "../map-shape.ts";
import { choice, type Fields, field, flag, text, whole } from "../shape.ts";

const SHARED = field(
  flag(),
  "Whether several readers share the stream, so that nothing that is missing is counted as lost; default false",
);

/** Is the name of a codec. */
export type CodecName =
  | "native"
  | "json"
  | "raw"
  | "array-1.0"
  | "arroyopy"
  | "arroyosas"
  | "arroyoxps"
  | "bluesky-zmq"
  | "bluesky-kafka"
  | "bsread"
  | "dectris-v1"
  | "dectris-v2"
  | "ess"
  | "karabo-bridge"
  | "odin"
  | "slsdetector"
  | "stins"
  | "tiled"
  | "timepix";

/** Every codec that has a name in a configuration, with its options. */
export const CODEC_OPTIONS: Readonly<Record<CodecName, Fields>> = {
  native: {},
  json: {},
  raw: {},
  "array-1.0": { shared: SHARED },
  arroyopy: {
    arrays: field(choice("map", "msgpack-numpy"), "How arrays are written; both are read. Default msgpack-numpy"),
    field: field(text("image"), "The field of the array that is the payload; default image"),
    sequence: field(text("frame_number"), "The field with the number of an event; default frame_number"),
  },
  arroyosas: { browser: field(flag(), "Writes what the live view in a browser takes; default false") },
  arroyoxps: {},
  "bluesky-zmq": {
    serializer: field(choice("json", "msgpack"), "How documents are serialized; default msgpack"),
    prefix: field(text("raw"), "The prefix of what is written"),
    field: field(text("image"), "The data key whose array is the payload"),
  },
  "bluesky-kafka": { field: field(text("image"), "The data key whose array is the payload") },
  bsread: {
    channel: field(text("image"), "The channel whose array is the payload"),
    pulseStep: field(whole(1), "By how much pulse_id grows; default: it is found out"),
    shared: SHARED,
    compression: field(choice("none", "lz4", "bitshuffle_lz4"), "How channels are compressed; default none"),
  },
  "dectris-v1": {
    compression: field(choice("none", "lz4", "bslz4"), "How arrays are compressed that are written; default bslz4"),
    shared: SHARED,
    appendix: field(anything, "What is sent as the appendix"),
  },
  "dectris-v2": {
    compression: field(choice("none", "lz4", "bslz4"), "How arrays are compressed that are written; default bslz4"),
    shared: SHARED,
  },
  ess: {
    dimensions: field(choice("slowest-first", "fastest-first"), "The order of the dimensions of ad00"),
    sourceName: field(text("arroyojs"), "The source_name of events that were made here"),
  },
  "karabo-bridge": {
    source: field(text("SPB_DET/DET/AGIPD:xtdf"), "The source whose array is the payload"),
    property: field(text("image.data"), "The property that is the payload"),
    shared: SHARED,
    version: field(choice("1.0", "2.2"), "The version in which trains are written; both are read"),
  },
  odin: { compression: field(choice("none", "lz4", "bslz4"), "How images are compressed; default none") },
  slsdetector: { ports: field(whole(1), "How many ports the listener receives") },
  stins: { compression: field(choice("none", "bslz4"), "How images are compressed; default none") },
  tiled: {},
  timepix: {},
};

/** Gives the options of a codec, if there is one of this name. */
export function codecOptions(name: string): Fields | undefined {
  return Object.hasOwn(CODEC_OPTIONS, name) ? CODEC_OPTIONS[name as CodecName] : undefined;
}
