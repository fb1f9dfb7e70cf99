import { RejectedError, UsageError } from "../../errors.ts";
import { Event } from "../../message/event.ts";
import type { Message, Payload } from "../../message/message.ts";
import { type DType, elements, isDType, itemSize, NdArray, viewBytes } from "../../message/ndarray.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";

type Fields = Readonly<Record<string, unknown>>;
type Arrays = ReadonlyMap<string, NdArray<DType>>;

/** Says where the payload of a format stands, and by what mark. */
interface Place {
  readonly mark: string;
  /** Whether the array at a path may be the payload. */
  readonly is: (path: string, metadata: Fields) => boolean;
}

const ANY: Place = { mark: "msgpack-numpy", is: () => true };
const PLACES: Readonly<Record<string, readonly Place[]>> = {
  arroyopy: [{ mark: "msgpack-numpy", is: (path) => /^image(?:\/array)?$/.test(path) }, ANY],
  arroyosas: [
    { mark: "map", is: (path) => path === "image/array" },
    { mark: "bytes", is: (path) => path === "raw_frame" },
  ],
  "bluesky-kafka": [{ ...ANY, is: (path, { name }) => name === "event" && path.startsWith("doc/data/") }],
  "bluesky-zmq": [{ ...ANY, is: (path, { name }) => name === "event" && path.startsWith("doc/data/") }],
  "dectris-v2": [{ mark: "cbor", is: (path) => path.startsWith("data/") }],
  ess: [
    { ...ANY, is: (path) => path === "time_of_flight" || path === "value" || path === "data" },
    { ...ANY, is: (path) => /^variables\/\d+\/data$/.test(path) },
  ],
};
const KINDS: ReadonlySet<unknown> = new Set(["start", "event", "stop", "control"]);
/** Arrays that stand beside the metadata, and are no payload. */
const BESIDE: readonly string[] = ["flatfield", "pixelmask", "countrate_table"];
const NOTHING = new Uint8Array(0);
const MOST_FIRST = 8;

/** Tells whether a value is a message in the form that `arroyo decode` prints. */
export function isTold(value: unknown): value is Fields {
  return isFields(value) && KINDS.has(value["kind"]) && isFields(value["metadata"]);
}

/** Makes messages of what `arroyo decode` prints; those that do not name their run belong to the last one that was begun. */
export function toldReader(format: string): (told: Fields) => Message {
  let open: string | undefined;
  return (told) => {
    const { kind, metadata } = told as { readonly kind: string; readonly metadata: Fields };
    const named = told["run"];
    if (named !== undefined && named !== null && typeof named !== "string")
      throw new RejectedError("run: expected text");
    const arrays = arraysIn(told["arrays"]);
    if (kind === "start" || kind === "stop") {
      const run = named ?? (kind === "stop" ? open : undefined) ?? "run";
      open = kind === "start" ? run : undefined;
      const data = { ...(untagged(metadata, arrays) as Fields), ...beside(metadata, arrays) };
      return kind === "start" ? new Start(data, { run }) : new Stop(data, { run });
    }
    const run = kind === "control" ? undefined : (named ?? open);
    const place = placeIn(format, metadata, arrays);
    const content = untagged(metadata, arrays, place) as Fields;
    const payload: Payload = arrays.get(place?.path ?? "data") ?? NOTHING;
    return new Event(content, payload, run === undefined || run === null ? {} : { run });
  };
}

interface Found {
  readonly path: string;
  readonly mark: string;
}

/** Finds the array of the metadata that becomes the payload: the one that a reader of the format would have taken. */
function placeIn(format: string, metadata: Fields, arrays: Arrays): Found | undefined {
  const placed = pathsIn(metadata);
  for (const { mark, is } of PLACES[format] ?? [ANY]) {
    const signal = format === "ess" ? placed.find((path) => isSignal(metadata, path)) : undefined;
    const path = signal ?? placed.find((one) => arrays.has(one) && is(one, metadata));
    if (path !== undefined) return { path, mark };
  }
  return undefined;
}

function isSignal({ variables }: Fields, path: string): boolean {
  const index = /^variables\/(\d+)\/data$/.exec(path)?.[1];
  return Array.isArray(variables) && (variables[Number(index)] as Fields | undefined)?.["name"] === "signal";
}

function pathsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(pathsIn);
  if (!isFields(value)) return [];
  const path = tagIn(value, "$array");
  return typeof path === "string" ? [path] : Object.values(value).flatMap(pathsIn);
}

function beside(metadata: Fields, arrays: Arrays): Fields {
  const keys = BESIDE.filter((key) => arrays.has(key) && !Object.hasOwn(metadata, key));
  return Object.fromEntries(keys.map((key) => [key, arrays.get(key)]));
}

/** Gives the value that a tagged one stands for, with arrays in their places and the mark of the payload. */
function untagged(value: unknown, arrays: Arrays, place?: Found): unknown {
  if (Array.isArray(value)) return value.map((item) => untagged(item, arrays, place));
  if (!isFields(value)) return value;
  const path = tagIn(value, "$array");
  if (typeof path === "string") {
    if (path === place?.path) return { $payload: place.mark };
    const array = arrays.get(path);
    if (array === undefined) throw new RejectedError(`arrays["${path}"]: missing`);
    return array;
  }
  const [bigint, float, bytes] = [tagIn(value, "$bigint"), tagIn(value, "$float"), tagIn(value, "$bytes")];
  if (typeof bigint === "string" && /^-?\d{1,20}$/.test(bigint)) return BigInt(bigint);
  if (typeof float === "string" && /^(?:NaN|-?Infinity)$/.test(float)) return Number(float);
  if (typeof bytes === "string") return bytesOfText(bytes);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, untagged(item, arrays, place)]));
}

function tagIn(value: Fields, tag: string): unknown {
  return Object.hasOwn(value, tag) && Object.keys(value).length === 1 ? value[tag] : undefined;
}

function arraysIn(given: unknown): Arrays {
  if (given === undefined || given === null) return new Map();
  if (!isFields(given)) throw new RejectedError("arrays: expected an object");
  return new Map(Object.entries(given).map(([name, array]) => [name, arrayOf(array, `arrays["${name}"]`)]));
}

function arrayOf(given: unknown, place: string): NdArray<DType> {
  if (!isFields(given)) throw new RejectedError(`${place}: expected { dtype, shape, data }`);
  const { dtype, shape, data, first } = given;
  if (!isDType(dtype)) throw new RejectedError(`${place}.dtype: expected the name of an element type`);
  if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new RejectedError(`${place}.shape: expected a list of whole numbers`);
  }
  const count = elements(shape as number[]);
  if (typeof data === "string") {
    const bytes = bytesOfText(data);
    if (bytes.length !== count * itemSize(dtype)) {
      const needed = count * itemSize(dtype);
      throw new RejectedError(
        `${place}.data: [${shape.join(", ")}] of ${dtype} takes ${needed} bytes, not ${bytes.length}`,
      );
    }
    return new NdArray<DType>(viewBytes(dtype, bytes), shape as number[], dtype);
  }
  if (Array.isArray(first) && first.length === count && count <= MOST_FIRST && dtype !== "float16") {
    const numbers = first.map((element) => untagged(element, new Map()));
    const isBig = dtype === "int64" || dtype === "uint64";
    const array = viewBytes(dtype, new Uint8Array(count * itemSize(dtype)));
    for (const [index, number] of numbers.entries()) {
      array[index] = (isBig ? BigInt(number as number) : Number(number)) as never;
    }
    return new NdArray<DType>(array, shape as number[], dtype);
  }
  throw new UsageError(`${place}.data: missing; print all bytes with: arroyo decode --data`);
}

function bytesOfText(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
