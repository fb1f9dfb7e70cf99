import { createHash } from "node:crypto";
import type { Writer } from "../../message/codec.ts";
import { type Document, fieldsOf, RunsWritten } from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import { exactJson } from "../../message/json/exact-json.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { BsreadOptions } from "./bsread-options.ts";
import { RECEIVED } from "./bsread-reader.ts";
import { compressionOf } from "./channel.ts";
import { compressed } from "./compressed.ts";
import { HEADER_OF } from "./data-headers.ts";
import { madeChannels, sentAgain, type Written } from "./written-channels.ts";

type Parts = readonly Uint8Array[];

/** Makes a writer of pulses; the format has no Start and no Stop. */
export function bsreadWriter(options: Required<Omit<BsreadOptions, "pulseStep" | "shared">>): Writer {
  const numbers = new RunsWritten(0);
  return (message: AnyMessage) => {
    if (message.type !== "event") return [];
    const metadata = fieldsOf(message.metadata, "event.metadata");
    const { header: given, channels, values, timestamps } = metadata;
    const isPulse = Array.isArray(channels) && isObject(values);
    const header = isPulse && isObject(given) ? given : {};
    const pulse = numbers.number(undefined, header["pulse_id"]);
    const received = RECEIVED.framesOf(message);
    if (received !== undefined) return [received];
    const time = timeOf(message, header, options.now);
    const written = isPulse
      ? sentAgain(
          channels as readonly Document[],
          values,
          isObject(timestamps) ? timestamps : {},
          time,
          message.payload,
        )
      : madeChannels(metadata, message.payload, options, time);
    return [partsOf({ ...header, pulse_id: pulse, global_timestamp: header["global_timestamp"] ?? time }, written)];
  };
}

function partsOf(header: Document, { descriptions, parts }: Written): Parts {
  const known = HEADER_OF.get(descriptions);
  const compression = compressionOf(header["dh_compression"], "event.metadata.header.dh_compression");
  const isKnown = known !== undefined && known.compression === header["dh_compression"];
  const data = isKnown ? known.part : dataHeader(descriptions, compression);
  const hash = createHash("md5").update(data).digest("hex");
  return [exactJson({ htype: "bsr_m-1.1", ...header, hash }, "event.metadata.header"), data, ...parts];
}

function dataHeader(channels: readonly Document[], compression: "none" | "lz4" | "bitshuffle_lz4"): Uint8Array {
  return compressed(compression, exactJson({ htype: "bsr_d-1.1", channels }, "event.metadata.channels"), 1, false);
}

function timeOf(event: Event<unknown>, { global_timestamp: known }: Document, now: () => number): Document {
  if (isObject(known)) return { sec: known["sec"] ?? known["epoch"] ?? 0, ns: known["ns"] ?? 0 };
  const timeMs = event.envelope.timeMs ?? now();
  const sec = Math.floor(timeMs / 1000);
  return { sec, ns: Math.round((timeMs - 1000 * sec) * 1e6) };
}

function isObject(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
