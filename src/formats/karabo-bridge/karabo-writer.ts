import type { Writer } from "../../message/codec.ts";
import {
  arrayOf,
  type Document,
  DocumentWriter,
  fieldsOf,
  markedForm,
  payloadMark,
  RunsWritten,
} from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import { bytesOf, type DType, isNdArray, type NdArray } from "../../message/ndarray.ts";
import type { Version } from "./karabo-options.ts";
import { isMap, RECEIVED } from "./train.ts";

type Parts = readonly Uint8Array[];

interface Layout {
  readonly sources: Readonly<Record<string, Document>>;
  readonly metadata: Readonly<Record<string, Document>>;
}

/** Says how trains are written. */
export interface Written {
  readonly source: string;
  readonly property: string;
  readonly version: Version | undefined;
}

/** Makes a writer of trains; the format has no Start and no Stop. */
export function karaboWriter(options: Written): Writer {
  const numbers = new RunsWritten(1);
  const documents = new DocumentWriter("msgpack-numpy");
  return (message: AnyMessage) => {
    if (message.type !== "event") return [];
    const layout = layoutOf(message, options, numbers);
    const received = RECEIVED.framesOf(message);
    const { version } = options;
    if (received !== undefined && (version ?? versionOf(received)) === versionOf(received)) return [received];
    return [version === "1.0" ? oneMap(layout, message, documents) : pairs(layout, message, documents)];
  };
}

/** One part is one map. */
function versionOf(parts: Parts): Version {
  return parts.length === 1 ? "1.0" : "2.2";
}

/** Gives what an event has of each source; one that was made here is one source. */
function layoutOf(event: Event<unknown>, options: Written, numbers: RunsWritten): Layout {
  const fields = fieldsOf(event.metadata, "event.metadata");
  const { sources, metadata } = fields;
  if (isMap(sources) && Object.values(sources).every(isMap)) {
    const known = isMap(metadata) ? metadata : {};
    const maps = Object.entries(sources).map(
      ([source]) => [source, isMap(known[source]) ? known[source] : {}] as const,
    );
    return { sources: sources as Record<string, Document>, metadata: Object.fromEntries(maps) };
  }
  const { source, property } = options;
  const empty = event.payload.byteLength === 0 && !isNdArray(event.payload);
  const properties = { ...(!empty && { [property]: payloadMark("msgpack-numpy") }), ...fields };
  const id = numbers.number(undefined, undefined);
  return { sources: { [source]: properties }, metadata: { [source]: stamp(source, id, event.envelope.timeMs) } };
}

function stamp(source: string, id: number, timeMs: number | undefined): Document {
  if (timeMs === undefined) return { source, "timestamp.tid": id };
  const seconds = Math.floor(timeMs / 1000);
  // Texts, the fraction in attoseconds, as the server has them.
  const fraction = BigInt(Math.round((timeMs - seconds * 1000) * 1e6)) * 10n ** 9n;
  return {
    source,
    timestamp: timeMs / 1000,
    "timestamp.tid": id,
    "timestamp.sec": String(seconds),
    "timestamp.frac": String(fraction).padStart(18, "0"),
  };
}

function oneMap({ sources, metadata }: Layout, event: Event<unknown>, documents: DocumentWriter): Parts {
  const all = Object.entries(sources).map(([source, properties]) => [
    source,
    { ...properties, metadata: metadata[source] },
  ]);
  return [documents.write(Object.fromEntries(all), "event.metadata.sources", event.payload)];
}

function pairs({ sources, metadata }: Layout, event: Event<unknown>, documents: DocumentWriter): Parts {
  const parts: Uint8Array[] = [];
  for (const source of Object.keys(sources).sort()) {
    const name = `event.metadata.sources["${source}"]`;
    const arrays: (readonly [string, NdArray<DType>])[] = [];
    const others: Document = {};
    for (const [property, value] of Object.entries(sources[source] as Document)) {
      const array = isNdArray(value) ? value : markedForm(value) === undefined ? undefined : arrayOf(event.payload);
      if (array === undefined) others[property] = value;
      else arrays.push([property, array]);
    }
    parts.push(documents.write({ source, content: "msgpack", metadata: metadata[source] }, name));
    parts.push(documents.write(others, name, event.payload));
    for (const [path, array] of arrays) {
      const { dtype, shape } = array;
      parts.push(documents.write({ source, content: "array", path, dtype, shape }, name), bytesOf(array));
    }
  }
  return parts;
}
