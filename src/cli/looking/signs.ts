import { readDocument } from "../../message/documents/index.ts";
import { isJsonText, readJson } from "../../message/json/json-reader.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";

/** How sure a guess is: its own mark was seen, its fields were seen, or it only could be. */
export type Certainty = "sure" | "likely" | "possible";

/** Is a format that a message may be in. */
export interface Sign {
  readonly format: string;
  readonly certainty: Certainty;
  /** Options of the codec that this message needs. */
  readonly options?: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** What a look at one message has found: decoded at most once. */
interface Seen {
  readonly frames: readonly Uint8Array[];
  readonly first: Uint8Array;
  readonly json: Fields | undefined;
  readonly map: Fields | undefined;
}

type Test = (seen: Seen) => Certainty | undefined;

/** Larger headers are not looked into. */
const MAX_LOOK_BYTES = 1024 * 1024;
const LIMITS = { ...DEFAULT_LIMITS, maxHeaderBytes: MAX_LOOK_BYTES };
const ESS = new Set([
  "ev44",
  "f144",
  "ad00",
  "da00",
  "pl72",
  "6s4t",
  "x5f2",
  "ev42",
  "hs00",
  "hs01",
  "al00",
  "ep00",
  "ep01",
]);
const DOCUMENT =
  /^[^ ]{0,255} (start|descriptor|event|event_page|resource|datum|datum_page|stream_resource|stream_datum|bulk_events|bulk_datum|stop) /;
const TILED = /^(?:array|container|table|ragged|sparse)-(?:schema|data|ref|child-created|child-metadata-updated)$/;
const TYPES: ReadonlySet<unknown> = new Set(["start", "event", "stop"]);
const JSON_DOCUMENTS = { serializer: "json" };
const CBOR_MAGIC = "d9d9f7";

/** What tells each format from all others, by its magic bytes, its keys and the number of its frames. */
const TESTS: readonly (readonly [format: string, test: Test])[] = [
  [
    "native",
    ({ frames }) =>
      when(
        frames.slice(0, 2).some((frame) => latin(frame, 0, 3) === "AYO"),
        "sure",
      ),
  ],
  ["dectris-v2", dectrisV2],
  [
    "dectris-v1",
    ({ json }) => when(/^d(header|image|image_d|config|series_end)[-_.\d]/.test(word(json, "htype")), "sure"),
  ],
  ["bsread", ({ json }) => when(word(json, "htype").startsWith("bsr_m-"), "sure")],
  ["array-1.0", ({ json }) => when(word(json, "htype") === "array-1.0", "sure")],
  ["stins", ({ json }) => when(has(json, "htype", "msg_number"), "sure")],
  ["slsdetector", ({ json }) => when(has(json, "jsonversion", "fileIndex"), "sure")],
  ["odin", ({ json, frames }) => when(frames.length === 2 && has(json, "frame_num", "dsize", "dtype"), "sure")],
  ["karabo-bridge", karabo],
  ["bluesky-zmq", ({ first }) => when(DOCUMENT.test(latin(first, 0, 300)), "sure")],
  ["bluesky-kafka", bluesky],
  ["ess", ({ first, frames }) => when(frames.length === 1 && ESS.has(latin(first, 4, 8)), "sure")],
  ["tiled", ({ json, map }) => when(TILED.test(word(json ?? map, "type")), "sure")],
  ["timepix", timepix],
  ["arroyosas", arroyosas],
  ["arroyoxps", arroyoxps],
  ["arroyopy", ({ map, frames }) => when(frames.length === 1 && TYPES.has(map?.["msg_type"]), "likely")],
  ["json", ({ json, frames }) => when(frames.length === 1 && TYPES.has(json?.["type"]), "likely")],
];

/** Names the formats that a message may be in, the surest first; of equals, the more special one first. */
export function signsOf(frames: readonly Uint8Array[]): readonly Sign[] {
  const first = frames[0] ?? new Uint8Array(0);
  const isSmall = first.length <= MAX_LOOK_BYTES;
  const seen: Seen = {
    frames,
    first,
    json: isSmall && isJsonText(first) ? attempt(() => readJson(first, { maxDepth: 64, tags: false })) : undefined,
    map: isMapByte(first[0]) ? attempt(() => readDocument(first, LIMITS)) : undefined,
  };
  const signs = TESTS.flatMap(([format, test]) => {
    const certainty = test(seen);
    if (certainty === undefined) return [];
    return [
      format === "bluesky-zmq" && isJsonDocument(first)
        ? { format, certainty, options: JSON_DOCUMENTS }
        : { format, certainty },
    ];
  });
  const order: readonly Certainty[] = ["sure", "likely", "possible"];
  return signs.sort((one, other) => order.indexOf(one.certainty) - order.indexOf(other.certainty));
}

/** Says in a few words what bytes look like that are in no known format. */
export function lookOf(frames: readonly Uint8Array[]): string {
  const first = frames[0] ?? new Uint8Array(0);
  const more = frames.length === 1 ? "" : ` in ${frames.length} frames`;
  if (first.length <= MAX_LOOK_BYTES) {
    if (/^\s*[[{]/.test(latin(first, 0, 32)) && isValidJson(first)) return `JSON${more}`;
    if (attempt(() => readDocument(first, LIMITS)) !== undefined) return `MessagePack${more}`;
    if (first.length > 0 && isText(first)) return `text${more}`;
  }
  if (first[0] === 0x80 && (first[1] ?? 0) >= 2 && (first[1] ?? 0) <= 5) return `a Python pickle${more}`;
  return `bytes${more}`;
}

function dectrisV2({ first, frames }: Seen): Certainty | undefined {
  if (frames.length !== 1) return undefined;
  const begin = Buffer.from(first.subarray(0, 4096)).toString("latin1");
  const hasFields = begin.includes("series_id") && begin.includes("type");
  if (hex(first, 3) === CBOR_MAGIC) return hasFields ? "sure" : "likely";
  return hasFields && ((first[0] as number) & 0xe0) === 0xa0 ? "likely" : undefined;
}

function karabo({ map, frames }: Seen): Certainty | undefined {
  if (map === undefined) return undefined;
  if (frames.length > 1) {
    return when(typeof map["source"] === "string" && typeof map["content"] === "string", "sure");
  }
  const sources = Object.values(map);
  const isTrain = sources.length > 0 && sources.every((one) => isFields(one) && isFields(one["metadata"]));
  return isTrain ? "likely" : undefined;
}

/** Tells what follows the prefix and the name: a JSON text, or MessagePack. */
function isJsonDocument(first: Uint8Array): boolean {
  const [head = ""] = DOCUMENT.exec(latin(first, 0, 300)) ?? [];
  return isJsonText(first.subarray(head.length, head.length + 16));
}

function bluesky({ first, frames }: Seen): Certainty | undefined {
  if (frames.length !== 1 || first[0] !== 0x92) return undefined;
  return when(DOCUMENT.test(` ${latin(first, 2, 2 + ((first[1] ?? 0) & 0x1f))} `), "likely");
}

function timepix({ map, frames }: Seen): Certainty | undefined {
  if (map === undefined) return undefined;
  if (frames.length === 2) return when(has(map, "flush_number", "dtype", "shape"), "sure");
  if (has(map, "scan_name") && TYPES.has(map["msg_type"])) return "likely";
  return when(map["msg_type"] === undefined && typeof map["state"] === "string", "possible");
}

function arroyosas({ map, json, frames }: Seen): Certainty | undefined {
  const fields = map ?? json;
  if (frames.length !== 1 || fields === undefined) return undefined;
  if (has(fields, "image", "frame_number", "tiled_url")) return "sure";
  return when(TYPES.has(fields["msg_type"]) && has(fields, "run_name", "tiled_url"), "likely");
}

function arroyoxps({ json, frames }: Seen): Certainty | undefined {
  if (frames.length !== 1 || json === undefined) return undefined;
  if (has(json, "Rectangle", "data_type") || has(json, "Frame Number")) return "sure";
  return when(TYPES.has(json["msg_type"]), "possible");
}

function when(is: boolean, certainty: Certainty): Certainty | undefined {
  return is ? certainty : undefined;
}

function has(fields: Fields | undefined, ...names: readonly string[]): boolean {
  return fields !== undefined && names.every((name) => Object.hasOwn(fields, name));
}

function word(fields: Fields | undefined, name: string): string {
  const value = fields?.[name];
  return typeof value === "string" ? value : "";
}

function latin(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.subarray(from, to)).toString("latin1");
}

function hex(bytes: Uint8Array, length: number): string {
  return Buffer.from(bytes.subarray(0, length)).toString("hex");
}

function isMapByte(byte = 0): boolean {
  return (byte & 0xf0) === 0x80 || byte === 0xde || byte === 0xdf;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function attempt(read: () => unknown): Fields | undefined {
  try {
    const value = read();
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isValidJson(bytes: Uint8Array): boolean {
  try {
    readJson(bytes, { maxDepth: 64, tags: false });
    return true;
  } catch {
    return false;
  }
}

function isText(bytes: Uint8Array): boolean {
  try {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: bytes that no text has
    return !/[\u0000-\u0008\u000e-\u001f]/.test(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return false;
  }
}
