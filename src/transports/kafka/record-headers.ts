import type { Decoded } from "../../message/codec.ts";
import type { Headers } from "../../message/envelope.ts";
import { Event } from "../../message/event.ts";
import type { ReceivedRecord, SentRecord } from "./client.ts";

/** Says in a record of a Start or Stop in how many partitions it stands. */
const COPIES = "arroyo-partitions";

type HeaderValue = string | Buffer;

/** Gives the headers of a record of a Start or Stop. */
export function copyHeaders(partitions: number): Record<string, HeaderValue> {
  return { [COPIES]: String(partitions) };
}

/** Says in how many partitions a Start or Stop stands; 1 where its writer does not say. */
export function copiesOf({ headers }: ReceivedRecord): number {
  const value = headers?.[COPIES];
  if (value === undefined || Array.isArray(value)) return 1;
  const text = typeof value === "string" ? value : Buffer.from(value as Uint8Array).toString("latin1");
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1;
}

/** Gives the headers of a message as a record has them: of one name several. */
export function recordHeaders(headers: Headers | undefined): SentRecord["headers"] {
  if (headers === undefined || headers.length === 0) return undefined;
  const all = new Map<string, HeaderValue[]>();
  for (const [name, value] of headers) {
    const values = all.get(name) ?? [];
    values.push(typeof value === "string" ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    all.set(name, values);
  }
  return Object.fromEntries(all);
}

/** Gives an event what its record says beside its bytes, where its format has no place for it. */
export function withRecordFacts(decoded: Decoded, record: ReceivedRecord): Decoded {
  const { message, control } = decoded;
  if (message.type !== "event" || control === true) return decoded;
  const { envelope } = message;
  const key = envelope.key ?? (record.key === null ? undefined : Buffer.from(record.key).toString("utf8"));
  const headers = envelope.headers ?? headersOf(record);
  const timeMs = envelope.timeMs ?? Number(record.timestamp);
  return {
    ...decoded,
    message: new Event(message.metadata, message.payload, {
      ...envelope,
      ...(key === undefined ? {} : { key }),
      ...(headers === undefined ? {} : { headers }),
      ...(Number.isFinite(timeMs) && timeMs >= 0 ? { timeMs } : {}),
    }),
  };
}

function headersOf({ headers }: ReceivedRecord): Headers | undefined {
  const all: [string, string | Uint8Array][] = [];
  for (const [name, values] of Object.entries(headers ?? {})) {
    if (name === COPIES || values === undefined) continue;
    for (const value of Array.isArray(values) ? values : [values]) all.push([name, value as string | Uint8Array]);
  }
  return all.length === 0 ? undefined : all;
}
