import { RejectedError } from "../../errors.ts";
import type { Decoded } from "../../message/codec.ts";
import {
  AsReceived,
  type Document,
  decodedEvent,
  OpenRun,
  payloadMark,
  readJsonObject,
  sequenceOf,
  within,
} from "../../message/documents/index.ts";
import { checkFrames } from "../../message/frames.ts";
import type { Limits } from "../../message/limits.ts";
import type { Payload } from "../../message/message.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { plainBytes } from "../../message/native/plain-bytes.ts";
import { isNdArray } from "../../message/ndarray.ts";
import type { BsreadOptions } from "./bsread-options.ts";
import { readTimestamp, readValue } from "./channel-values.ts";
import { type DataHeader, DataHeaders } from "./data-headers.ts";
import { Pulses } from "./pulses.ts";

/** What was read of this format, for whoever writes it again. */
export const RECEIVED: AsReceived = new AsReceived();

/** Makes a reader: each message is a pulse, with two headers and two parts for each channel. */
export function bsreadReader(
  limits: Limits,
  options: BsreadOptions,
): (frames: readonly Uint8Array[]) => readonly Decoded[] {
  const stream = new OpenRun();
  const headers = new DataHeaders(limits);
  const pulses = new Pulses(options.pulseStep);
  return (frames) => {
    checkFrames(frames, limits);
    const [head, description, ...parts] = frames.map(plainBytes) as [Uint8Array, Uint8Array?, ...Uint8Array[]];
    const header = readJsonObject(head, limits, "header");
    const pulse = pulseOf(header);
    if (description === undefined) throw new RejectedError("data header: missing");
    const known = headers.read(header, description);
    const { values, timestamps } = readParts(known, parts, limits);
    const payload = takePayload(known, values, options.channel);
    const metadata = { header, channels: known.descriptions, values, timestamps };
    const { run, before } = stream.next();
    const sequence = options.shared === true ? undefined : pulses.number(pulse);
    const decoded = decodedEvent(metadata, payload, { run, sequence, timeMs: timeOf(header) });
    RECEIVED.keep(decoded, frames);
    return [...before, decoded];
  };
}

function pulseOf(header: Document): number {
  const { htype } = header;
  if (typeof htype !== "string" || !htype.startsWith("bsr_m-")) {
    throw new RejectedError('header.htype: expected "bsr_m-1.1"');
  }
  const pulse = within("header", () => sequenceOf(header, "pulse_id"));
  if (pulse === undefined) throw new RejectedError("header.pulse_id: missing");
  return pulse;
}

function readParts({ channels }: DataHeader, parts: readonly Uint8Array[], { maxMessageBytes }: Limits) {
  if (parts.length !== 2 * channels.length) {
    throw new RejectedError(
      `${2 * channels.length} parts expected for ${channels.length} channels, got ${parts.length}`,
    );
  }
  const values: Document = {};
  const timestamps: Document = {};
  for (const [index, channel] of channels.entries()) {
    const { name, bigEndian } = channel;
    const [value, timestamp] = [parts[2 * index], parts[2 * index + 1]] as [Uint8Array, Uint8Array];
    // A channel that has nothing for this pulse: both parts are empty.
    const isMissing = value.length === 0 && timestamp.length === 0;
    values[name] = isMissing ? null : readValue(channel, value, maxMessageBytes, `values[${quoted(name)}]`);
    timestamps[name] = isMissing ? null : readTimestamp(timestamp, bigEndian, `timestamps[${quoted(name)}]`);
  }
  return { values, timestamps };
}

/** Makes one of the arrays the payload: among the values its mark takes its place. */
function takePayload({ channels }: DataHeader, values: Document, wanted: string | undefined): Payload {
  for (const { name } of channels) {
    const value = values[name];
    if (!isNdArray(value) || (wanted !== undefined && name !== wanted)) continue;
    values[name] = payloadMark("msgpack-numpy");
    return value;
  }
  // Not the one that all share: what was received is remembered by it.
  return new Uint8Array(0);
}

function timeOf({ global_timestamp: time }: Document): number | undefined {
  const { sec, epoch, ns } = (typeof time === "object" && time !== null ? time : {}) as Document;
  const seconds = sec ?? epoch;
  if (typeof seconds !== "number") return undefined;
  const timeMs = seconds * 1000 + (typeof ns === "number" ? ns / 1e6 : 0);
  return Number.isFinite(timeMs) ? timeMs : undefined;
}
