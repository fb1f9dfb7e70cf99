import { liveArray } from "./live-array.ts";
import { type LiveData, type LiveEnvelope, LiveFormatError, type LiveMessage, type SignOfLife } from "./messages.ts";
import { MsgpackReader } from "./msgpack.ts";

const PRELUDE = 40;
const VERSION = 1;
const RESUMED = 4;
const REASONS = ["completed", "abandoned", "interrupted"] as const;

type Head = Pick<LiveEnvelope, "incarnation" | "sequence"> & {
  readonly kind: number;
  readonly flags: number;
  readonly timeMs: number;
  readonly staticEnd: number;
  readonly end: number;
};

/** Reads a message of the native codec: header and payload behind each other. The payload is a view of the bytes. */
export function readNativeMessage(bytes: Uint8Array): LiveMessage | SignOfLife {
  const head = readHead(bytes);
  const fixed = mapAt(bytes, PRELUDE, head.staticEnd);
  const facts = mapAt(bytes, head.staticEnd, head.end);
  const critical = [...Object.keys(fixed), ...Object.keys(facts)].some((key) => key.startsWith("!"));
  if (critical) throw new LiveFormatError("native: made by a newer arroyojs");
  if (head.kind === 4) return { type: "alive", open: texts(facts["open"]) };
  const envelope = envelopeOf(head, fixed, facts);
  const run = fixed["run"];
  if (head.kind === 2) {
    const payload = bytes.subarray(head.end);
    const array = fixed["array"];
    const [dtype, ...shape] = Array.isArray(array) ? (array as unknown[]) : [];
    return {
      type: "event",
      ...envelope,
      ...(typeof run === "string" ? { run } : {}),
      metadata: record(facts["metadata"]),
      payload: array === undefined ? payload : liveArray(dtype, shape, payload),
      missed: 0,
    };
  }
  if (typeof run !== "string") throw new LiveFormatError("native: a Start or Stop without a run");
  const data = record(facts["data"]);
  if (head.kind === 1) return { type: "start", ...envelope, run, resumed: (head.flags & RESUMED) !== 0, data };
  const reason = REASONS.find((name) => name === facts["reason"]);
  if (head.kind !== 3 || reason === undefined) throw new LiveFormatError("native: no such kind of message");
  return { type: "stop", ...envelope, run, reason, data };
}

function readHead(bytes: Uint8Array): Head {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PRELUDE || bytes[0] !== 0x41 || bytes[1] !== 0x59 || bytes[2] !== 0x4f) {
    throw new LiveFormatError("native: does not begin as a header does");
  }
  if (bytes[3] !== VERSION) throw new LiveFormatError(`native: layout version ${bytes[3]} is not known here`);
  const staticEnd = PRELUDE + view.getUint16(6, true);
  const end = PRELUDE + view.getUint32(32, true);
  if (end > bytes.length || staticEnd > end) throw new LiveFormatError("native: cut short");
  const hex = (at: number): string => view.getUint32(at, true).toString(16).padStart(8, "0");
  return {
    kind: bytes[4] as number,
    flags: bytes[5] as number,
    sequence: view.getUint32(12, true) * 0x1_0000_0000 + view.getUint32(8, true),
    incarnation: hex(20) + hex(16),
    timeMs: view.getFloat64(24, true),
    staticEnd,
    end,
  };
}

function envelopeOf(head: Head, fixed: LiveData, facts: LiveData): LiveEnvelope {
  const { incarnation, sequence, timeMs } = head;
  const [stream, partition] = texts(fixed["origin"]);
  const { key, headers } = facts;
  const at = facts["sequence"];
  const name = facts["stream"];
  return {
    ...(incarnation === undefined ? {} : { incarnation }),
    ...(sequence === undefined ? {} : { sequence }),
    ...(typeof name === "string" && name !== "" ? { stream: name } : {}),
    ...(Number.isNaN(timeMs) ? {} : { timeMs }),
    ...(typeof key === "string" ? { key } : {}),
    ...(Array.isArray(headers) ? { headers: headers as NonNullable<LiveEnvelope["headers"]> } : {}),
    ...(stream === undefined || partition === undefined || typeof at !== "number"
      ? {}
      : { origin: { stream, partition, sequence: at } }),
  };
}

function mapAt(bytes: Uint8Array, from: number, to: number): LiveData {
  if (from === to) return {};
  const reader = new MsgpackReader(bytes.subarray(from, to));
  const map = reader.value();
  if (reader.at !== to - from) throw new LiveFormatError("native: a map that does not end where it should");
  return record(map);
}

function record(value: unknown): LiveData {
  if (value === undefined) return {};
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as LiveData;
  throw new LiveFormatError("native: expected a map");
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
