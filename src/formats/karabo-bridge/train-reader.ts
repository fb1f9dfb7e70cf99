import { RejectedError } from "../../errors.ts";
import { arraysOf, claimedArray, type Document, named, readDocument } from "../../message/documents/index.ts";
import type { Limits } from "../../message/limits.ts";
import { quoted } from "../../message/msgpack/path.ts";
import { isMap, nameIn, type Train } from "./train.ts";

type Parts = readonly Uint8Array[];

/** Reads version 1.0: one map of sources, the arrays inside it. */
export function readOneMap(part: Uint8Array, limits: Limits): Train {
  if (Buffer.from(part.buffer, part.byteOffset, Math.min(6, part.length)).toString("latin1") === "Error:") {
    throw new RejectedError(`the server answers ${quoted(Buffer.from(part).toString("latin1"))}`);
  }
  const train: Train = { sources: {}, metadata: {}, arrays: [] };
  for (const [source, properties] of Object.entries(readDocument(part, limits))) {
    if (!isMap(properties)) throw new RejectedError(`sources[${quoted(source)}]: expected a map`);
    const { metadata = {}, ...others } = properties;
    if (!isMap(metadata)) throw new RejectedError(`metadata[${quoted(source)}]: expected a map`);
    train.sources[source] = others;
    train.metadata[source] = metadata;
  }
  arraysOf({ metadata: train.metadata });
  train.arrays.push(...arraysOf({ sources: train.sources }));
  return train;
}

/** Reads version 2.2: pairs of a header and what it announces. */
export function readPairs(parts: Parts, limits: Limits): Train {
  if (parts.length % 2 !== 0) throw new RejectedError(`parts in pairs expected, got ${parts.length}`);
  const train: Train = { sources: {}, metadata: {}, arrays: [] };
  for (let at = 0; at < parts.length; at += 2) {
    const place = `parts[${at}]`;
    const header = named(place, () => readDocument(parts[at] as Uint8Array, limits));
    const body = parts[at + 1] as Uint8Array;
    const source = nameIn(header, "source", place);
    const { content } = header;
    if (content === "msgpack") announce(train, source, header, body, limits, place);
    else if (content === "array") addArray(train, source, header, body, place);
    else {
      const given = typeof content === "string" ? `${quoted(content)} is not known` : "expected text";
      throw new RejectedError(`${place}.content: ${content === undefined ? "missing" : given}`);
    }
  }
  return train;
}

function announce(train: Train, source: string, header: Document, body: Uint8Array, limits: Limits, place: string) {
  if (Object.hasOwn(train.sources, source)) {
    throw new RejectedError(`${place}.source: ${quoted(source)} is announced twice`);
  }
  const { metadata = {} } = header;
  if (!isMap(metadata)) throw new RejectedError(`${place}.metadata: expected a map`);
  arraysOf({ metadata });
  const properties = named(`${place}, its map`, () => readDocument(body, limits));
  train.sources[source] = properties;
  train.metadata[source] = metadata;
  train.arrays.push(...arraysOf({ sources: { [source]: properties } }));
}

function addArray(train: Train, source: string, header: Document, body: Uint8Array, place: string): void {
  const properties = train.sources[source];
  if (properties === undefined || !Object.hasOwn(train.sources, source)) {
    throw new RejectedError(`${place}.source: ${quoted(source)} was not announced`);
  }
  const property = nameIn(header, "path", place);
  if (Object.hasOwn(properties, property)) throw new RejectedError(`${place}.path: ${quoted(property)} came already`);
  const array = claimedArray(header["dtype"], header["shape"], body, place);
  properties[property] = array;
  train.arrays.push({
    array,
    form: "msgpack-numpy",
    path: `sources/${source}/${property}`,
    replace: (other) => {
      properties[property] = other;
    },
  });
}
