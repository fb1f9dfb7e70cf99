import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  AsReceived,
  type Document,
  decodedEvent,
  NumberedStreams,
  payloadMark,
} from "../../message/documents/index.ts";
import { onlyFrame } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import type { Payload } from "../../message/message.ts";
import { isNdArray } from "../../message/ndarray.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";
import { readContent } from "./ess-content.ts";
import { isKnownSchema } from "./ess-fields.ts";
import type { EssOptions } from "./ess-options.ts";
import { FlatTable } from "./flat-table.ts";

/** What was read of this format, for whoever writes it again. */
export const RECEIVED: AsReceived = new AsReceived();

/** Bytes before which no message ends: where the root table is, and the schema. */
const HEAD = 8;

/** Makes a reader: each message is one table, whose schema it names. */
export function essReader(
  limits: Limits,
  { dimensions }: Required<EssOptions>,
): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const numbers = new NumberedStreams();
  let open: string | undefined;
  return (frames) => {
    const bytes = onlyFrame(frames, limits);
    const schema = schemaOf(bytes);
    // What nobody here understands shares the topic: it is counted, and passed on as it is.
    if (!isKnownSchema(schema))
      return kept([decodedEvent({ schema }, bytes, { run: undefined, control: true })], frames);
    const content = readContent(schema, FlatTable.root(bytes), dimensions);
    if (schema === "x5f2")
      return kept([decodedEvent(content, new Uint8Array(0), { run: undefined, control: true })], frames);
    const timeMs = timeOf(content);
    const time = timeMs === undefined ? {} : { timeMs };
    if (schema === "pl72") {
      const run = content["job_id"] as string;
      const before = open === undefined || open === run ? [] : [abandoned(open)];
      open = run;
      return kept([...before, { message: new Start(content, { run, ...time }) }], frames);
    }
    if (schema === "6s4t") {
      const run = content["job_id"] as string;
      if (run === open) open = undefined;
      return kept([{ message: new Stop(content, { run, ...time }) }], frames);
    }
    const own = content["message_id"] ?? content["id"];
    const counted = typeof own === "number" && own >= 0;
    const stream = `${schema} ${content["source_name"]}`;
    const sequence = counted ? numbers.number(open, stream, own) : undefined;
    // Data do not name their run: they belong to the one that is open, and to none between runs.
    return kept([decodedEvent(content, takePayload(content), { run: open, sequence, timeMs })], frames);
  };
}

function abandoned(run: string): Decoded {
  return { message: new Stop({}, { run, reason: "abandoned" }) };
}

function kept(decoded: readonly Decoded[], frames: readonly Uint8Array[]): readonly Decoded[] {
  RECEIVED.keep(decoded.at(-1) as Decoded, frames);
  return decoded;
}

function schemaOf(bytes: Uint8Array): string {
  if (bytes.length < HEAD) throw new RejectedError(`the message is shorter than ${HEAD} bytes`);
  const schema = Buffer.from(bytes.buffer, bytes.byteOffset + 4, 4).toString("latin1");
  if (/^[0-9A-Za-z_]{4}$/.test(schema)) return schema;
  throw new RejectedError("schema: four letters or digits expected at byte 4");
}

/** Makes the main array of an event its payload: in the content its mark takes its place. */
function takePayload(content: Document): Payload {
  const { variables } = content;
  const holder = Array.isArray(variables) ? mainVariable(variables as readonly Document[]) : content;
  for (const key of ["time_of_flight", "value", "data"]) {
    const array = holder?.[key];
    if (holder === undefined || !isNdArray(array)) continue;
    holder[key] = payloadMark("msgpack-numpy");
    return array;
  }
  return new Uint8Array(0);
}

function mainVariable(variables: readonly Document[]): Document | undefined {
  const arrays = variables.filter(({ data }) => isNdArray(data));
  return arrays.find(({ name }) => name === "signal") ?? arrays[0];
}

/** Gives the time of a message in milliseconds: run control counts these, data count nanoseconds. */
function timeOf({
  start_time: start,
  stop_time: stop,
  timestamp,
  reference_time: pulses,
}: Document): number | undefined {
  const ms = start ?? stop;
  if (ms !== undefined) return ms === 0 ? undefined : Number(ms);
  const [first] = isNdArray(pulses) ? (pulses.data as BigInt64Array) : [];
  const ns = first ?? timestamp;
  return ns === undefined ? undefined : Number(ns) / 1e6;
}
