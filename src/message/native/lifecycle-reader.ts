import { RejectedError } from "../../errors.ts";
import type { Decoded, Hop, HopSent } from "../codec.ts";
import type { Envelope, Headers, Origin } from "../envelope.ts";
import { Event } from "../event.ts";
import type { Limits } from "../limits.ts";
import type { Data } from "../message.ts";
import { decode, skim } from "../msgpack/index.ts";
import { Start } from "../start.ts";
import { Stop, type StopReason } from "../stop.ts";
import { readAccount } from "./account-reader.ts";
import { checkDynamic, SEEN, toTrace } from "./dynamic-map.ts";
import { keepUnknown, unknownEntries } from "./entries.ts";
import { readFacts } from "./facts.ts";
import {
  FLAG,
  incarnationHigh,
  incarnationLow,
  incarnationText,
  KIND,
  PRELUDE,
  sequenceOf,
  skippedOf,
  staticLength,
  timeOf,
} from "./prelude.ts";
import { LIFECYCLE_TOPIC } from "./topic.ts";

type Fields = Readonly<Record<string, unknown>>;

const COMMON = ["sequence", "key", "headers", "trace", "next", "left"];
/** The keys of a Start's dynamic map. */
const START_KEYS: ReadonlySet<string> = new Set([...COMMON, "stream", "began", "data"]);
/** The keys of a Stop's dynamic map. */
const STOP_KEYS: ReadonlySet<string> = new Set([...COMMON, "sent", "reason", "account", "data"]);
const REASONS: ReadonlySet<unknown> = new Set<StopReason>(["completed", "abandoned", "interrupted"]);
const NO_PAYLOAD = new Uint8Array(0);

/** Reads a Start, a Stop or a sign of life, from a copy: what lives as long as a run must not hold a received buffer. */
export function readLifecycle(received: Uint8Array, limits: Limits): Decoded {
  const header = new Uint8Array(received);
  const kind = header[4];
  const flags = header[5] as number;
  const start = PRELUDE + staticLength(header);
  if ((flags & FLAG.critical) !== 0) throw new RejectedError("a key must be understood: made by a newer arroyojs");
  if (kind === KIND.signOfLife) {
    if (start > PRELUDE) skim(header, PRELUDE, start, limits);
    skim(header, start, header.length, limits);
    return readSignOfLife(header, decode(header, start, header.length, limits) as Fields);
  }
  const seen = checkDynamic(header, start, header.length, limits);
  const fields = decode(header, start, header.length, limits) as Fields;
  const facts = readFacts(header, PRELUDE, start, limits);
  const { run } = facts;
  if (run === undefined) throw new RejectedError("run: a Start or Stop needs one");
  if (((flags & FLAG.key) !== 0) !== ((seen & SEEN.key) !== 0)) {
    throw new RejectedError("flags: a key is announced but not there, or the other way round");
  }
  const origin: Origin = { stream: facts.stream, partition: facts.partition, sequence: fields.sequence as number };
  const envelope = { ...readEnvelope(header, fields), run, origin };
  const keys = kind === KIND.start ? START_KEYS : STOP_KEYS;
  keepUnknown(origin, { ofStatic: facts.unknown, ofDynamic: unknownEntries(header, start, keys) });
  return kind === KIND.start ? readStart(header, fields, envelope) : readStop(header, fields, envelope);
}

function readStart(header: Uint8Array, fields: Fields, envelope: Envelope): Decoded {
  const flags = header[5] as number;
  const resumed = (flags & FLAG.resumed) !== 0;
  const message = new Start(readData(fields), { ...envelope, resumed });
  const began = readNext(fields.began, "began");
  const hop = { ...readHop(header), copy: (flags & FLAG.copy) !== 0, began, ...readNumbers(fields) };
  return { message, stream: readStream(fields), sequence: sequenceOf(header), hop };
}

function readStop(header: Uint8Array, fields: Fields, envelope: Envelope & { readonly run: string }): Decoded {
  const { reason = "completed", account } = fields;
  if (!REASONS.has(reason)) throw new RejectedError("reason: expected completed, abandoned or interrupted");
  const stop = new Stop(readData(fields), { ...envelope, reason: reason as StopReason });
  const message = account === undefined ? stop : Stop.accounted(stop, readAccount(account));
  const sent = fields.sent === undefined ? undefined : readSent(fields.sent);
  const hop = { ...readHop(header), ...readNumbers(fields), ...(sent === undefined ? undefined : { sent }) };
  return { message, sequence: sequenceOf(header), hop };
}

function readSignOfLife(header: Uint8Array, fields: Fields): Decoded {
  const stream = readStream(fields);
  const { open } = fields;
  if (!Array.isArray(open) || !open.every((run) => typeof run === "string")) {
    throw new RejectedError("open: expected the names of the open runs");
  }
  const message = new Event({ stream, open }, NO_PAYLOAD);
  const hop = { ...readHop(header), ...readNumbers(fields), open: open as string[] };
  return { message, stream, control: true, hop };
}

function readHop(header: Uint8Array): Hop {
  return {
    incarnation: incarnationText(incarnationLow(header), incarnationHigh(header)),
    topic: LIFECYCLE_TOPIC,
    skipped: skippedOf(header),
    shared: ((header[5] as number) & FLAG.shared) !== 0,
    copy: false,
  };
}

/** `checkDynamic` has made sure of the forms. */
function readEnvelope(header: Uint8Array, { key, headers, trace }: Fields): Envelope {
  const timeMs = timeOf(header);
  return {
    ...(Number.isNaN(timeMs) ? undefined : { timeMs }),
    ...(key === undefined ? undefined : { key: key as string }),
    ...(headers === undefined ? undefined : { headers: headers as Headers }),
    ...(trace === undefined ? undefined : { trace: toTrace(trace as [string, string?]) }),
  };
}

function readData({ data = {} }: Fields): Data {
  if (!isRecord(data)) throw new RejectedError("data: expected a map");
  return data;
}

function readStream({ stream }: Fields): string {
  if (typeof stream !== "string") throw new RejectedError("stream: expected text");
  return stream;
}

function readNumbers(fields: Fields): Pick<Hop, "next" | "left"> {
  const next = readNext(fields.next, "next");
  return fields.left === undefined ? { next } : { next, left: readNext(fields.left, "left") };
}

function readNext(value: unknown, name: string): ReadonlyMap<string, number> {
  if (!isRecord(value)) throw new RejectedError(`${name}: expected a map of topics`);
  const next = new Map<string, number>();
  for (const [topic, sequence] of Object.entries(value)) next.set(topic, readWhole(sequence, name));
  return next;
}

function readSent(value: unknown): readonly HopSent[] {
  if (!Array.isArray(value)) throw new RejectedError("sent: expected a list of topics");
  return value.map((one: unknown) => {
    if (!Array.isArray(one) || typeof one[0] !== "string") throw new RejectedError("sent: expected topic and numbers");
    return { topic: one[0], events: readWhole(one[1], "sent"), skipped: readWhole(one[2], "sent") };
  });
}

function readWhole(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new RejectedError(`${name}: expected a whole number up to 2^53 - 1`);
}

function isRecord(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
