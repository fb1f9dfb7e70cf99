import { RejectedError, UsageError } from "../../errors.ts";
import { arrayOf, type Document, markedForm, scalarBytes, turnedRound } from "../../message/documents/index.ts";
import { exactJson } from "../../message/json/exact-json.ts";
import type { Payload } from "../../message/message.ts";
import { bytesOf, type DType, isNdArray, itemSize, type NdArray } from "../../message/ndarray.ts";
import type { BsreadOptions } from "./bsread-options.ts";
import { type Channel, readChannels } from "./channel.ts";
import { SENT } from "./channel-values.ts";
import { compressed } from "./compressed.ts";

/** Is what stands behind the main header. */
export interface Written {
  readonly descriptions: readonly Document[];
  /** The value and the timestamp of each channel. */
  readonly parts: readonly Uint8Array[];
}

const NOTHING = new Uint8Array(0);

/** Writes channels that were read, with the values that they have now. */
export function sentAgain(
  given: readonly Document[],
  values: Document,
  timestamps: Document,
  time: Document,
  payload: Payload,
): Written {
  let changed = false;
  const descriptions = given.map((description) => {
    const value = givenValue(values[String(description["name"])], payload);
    if (!isNdArray(value)) return description;
    const fitting = described(description, value);
    changed ||= fitting !== description;
    return fitting;
  });
  const used = changed ? descriptions : given;
  const channels = checked(used);
  const parts = channels.flatMap((channel) => {
    const value = givenValue(values[channel.name], payload);
    if (value === null || value === undefined) return [NOTHING, NOTHING];
    const { sec, ns } = time;
    const own = timestamps[channel.name];
    return [valuePart(channel, value), timestampPart(channel, Array.isArray(own) ? own : [sec, ns])];
  });
  return { descriptions: used, parts };
}

/** Makes channels of the payload and of the metadata of an event. */
export function madeChannels(
  metadata: Document,
  payload: Payload,
  { channel, compression }: Required<Omit<BsreadOptions, "pulseStep" | "shared">>,
  time: Document,
): Written {
  const empty = payload.byteLength === 0 && !isNdArray(payload);
  const values: Document = empty ? {} : { [channel]: arrayOf(payload) };
  for (const [name, value] of Object.entries(metadata)) {
    if (value === undefined || value === null) continue;
    if (!empty && name === channel) {
      throw new UsageError(`event.metadata.${name}: the array of the payload has this name; rename this field`);
    }
    values[name] = plain(value, `event.metadata.${name}`);
  }
  const descriptions = Object.entries(values).map(([name, value]) => ({
    name,
    ...typeAndShape(value, name),
    encoding: "little",
    compression,
  }));
  return sentAgain(descriptions, values, {}, time, payload);
}

/** Gives what a channel can hold: what is neither number, text nor array travels as JSON. */
function plain(value: unknown, name: string): unknown {
  if (value instanceof Uint8Array) return arrayOf(value);
  if (typeof value !== "object" || isNdArray(value)) return value;
  return Buffer.from(exactJson(value, name)).toString();
}

/** Numbers are floats, whether whole or not: channels do not change from pulse to pulse. */
function typeAndShape(value: unknown, name: string): Document {
  if (isNdArray(value)) return { type: typeOf(value, name), shape: shapeOf(value) };
  const type = { string: "string", number: "float64", boolean: "bool" }[typeof value as string];
  if (type !== undefined) return { type, shape: [1] };
  if (typeof value === "bigint") return { type: value >= 2n ** 63n ? "uint64" : "int64", shape: [1] };
  throw new UsageError(`event.metadata.${name}: a ${typeof value} cannot be written; leave it out`);
}

function typeOf({ dtype }: NdArray<DType>, name: string): DType {
  if (dtype !== "float16") return dtype;
  throw new UsageError(`bsread: ${name}: an array of float16 cannot be written; convert it to float32`);
}

/** Gives the shape on the wire, fastest dimension first; one without dimensions is a single value. */
function shapeOf({ shape }: NdArray<DType>): readonly number[] {
  return shape.length === 0 ? [1] : shape.toReversed();
}

/** Gives the description of a channel that fits an array: itself, where it fits. */
function described(description: Document, array: NdArray<DType>): Document {
  const [channel] = checked([description]);
  const { shape = [], type } = channel as Channel;
  if (type === array.dtype && String(shape) === String(array.shape)) return description;
  return { ...description, type: typeOf(array, String(description["name"])), shape: shapeOf(array) };
}

function checked(descriptions: readonly Document[]): readonly Channel[] {
  try {
    return readChannels({ channels: descriptions });
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    throw new UsageError(`event.metadata.${error.reason}; readers would refuse it`);
  }
}

function givenValue(value: unknown, payload: Payload): unknown {
  return markedForm(value) === undefined ? value : arrayOf(payload);
}

function valuePart(channel: Channel, value: unknown): Uint8Array {
  const { name, type, bigEndian, compression } = channel;
  const place = `event.metadata.values["${name}"]`;
  if (type === "string") {
    if (typeof value !== "string") throw new UsageError(`${place}: expected text, got ${typeof value}`);
    return compressed(compression, Buffer.from(value), 1, bigEndian);
  }
  const size = itemSize(type);
  if (isNdArray(value)) {
    const sent = SENT.get(value);
    const isSame = sent?.channel.bigEndian === bigEndian && sent.channel.compression === compression;
    if (sent !== undefined && isSame) return sent.part;
    return compressed(compression, ordered(bytesOf(value), size, bigEndian), size, bigEndian);
  }
  return compressed(compression, ordered(scalarBytes(type, value, place), size, bigEndian), size, bigEndian);
}

function timestampPart({ name, bigEndian }: Channel, [seconds, nanoseconds]: readonly unknown[]): Uint8Array {
  const place = `event.metadata.timestamps["${name}"]`;
  const bytes = [seconds, nanoseconds].map((value) => scalarBytes("int64", value, place));
  return ordered(new Uint8Array(Buffer.concat(bytes)), 8, bigEndian);
}

function ordered(bytes: Uint8Array, size: number, bigEndian: boolean): Uint8Array {
  return bigEndian && size > 1 ? turnedRound(bytes, size) : bytes;
}
