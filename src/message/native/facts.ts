import { RejectedError } from "../../errors.ts";
import type { Limits } from "../limits.ts";
import { decode, skim } from "../msgpack/index.ts";
import { type DType, isDType, itemSize } from "../ndarray.ts";
import { type Entries, unknownEntries } from "./entries.ts";

/** Describes the array that a payload holds; the elements are little-endian and in C order. */
export interface ArrayFacts {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The bytes that the payload must have. */
  readonly byteLength: number;
}

/** Holds what is constant in a run: one object for many messages. */
export interface Facts {
  /** The encoded static map, in memory of its own. */
  readonly bytes: Uint8Array;
  readonly run: string | undefined;
  /** The stream of the messages' first source. */
  readonly stream: string;
  /** The partition there. */
  readonly partition: string;
  readonly array: ArrayFacts | undefined;
  /** Keys that this version does not know. */
  readonly unknown: Entries | undefined;
}

const KNOWN: ReadonlySet<string> = new Set(["run", "origin", "array"]);
const MOST_AXES = 16;

/** Reads a static map; a copy of its bytes is kept, not the buffer that they came in. */
export function readFacts(header: Uint8Array, start: number, end: number, limits: Limits): Facts {
  const bytes = new Uint8Array(header.subarray(start, end));
  skim(bytes, 0, bytes.length, limits);
  const map = decode(bytes, 0, bytes.length, limits) as Record<string, unknown>;
  const { run } = map;
  if (run !== undefined && typeof run !== "string") throw new RejectedError("run: expected text");
  const [stream, partition] = readOrigin(map.origin);
  const array = map.array === undefined ? undefined : readArray(map.array, limits);
  const unknown = unknownEntries(bytes, 0, KNOWN);
  return Object.freeze({ bytes, run, stream, partition, array, unknown });
}

function readOrigin(value: unknown): readonly [string, string] {
  if (Array.isArray(value) && value.length === 2) {
    const [stream, partition] = value as unknown[];
    if (typeof stream === "string" && typeof partition === "string") return [stream, partition];
  }
  throw new RejectedError("origin: expected the stream and partition of the first source");
}

function readArray(value: unknown, limits: Limits): ArrayFacts {
  if (!Array.isArray(value)) throw new RejectedError("array: expected an element type followed by a shape");
  const [dtype, ...shape] = value as unknown[];
  if (!isDType(dtype)) throw new RejectedError("array: the element type is not known");
  if (shape.length > MOST_AXES) throw new RejectedError(`array: more than ${MOST_AXES} axes`);
  let byteLength = itemSize(dtype);
  let hollow = false;
  for (const length of shape) {
    if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 0) {
      throw new RejectedError("array: a length in the shape is not a whole number");
    }
    if (length === 0) hollow = true;
    else byteLength *= length;
    // Checked at each axis: a product beyond the limit never grows to where numbers lose exactness.
    if (byteLength > limits.maxMessageBytes) {
      throw new RejectedError(`array: the shape needs more than the ${limits.maxMessageBytes} bytes allowed`);
    }
  }
  return Object.freeze({ dtype, shape: Object.freeze(shape as number[]), byteLength: hollow ? 0 : byteLength });
}
