import { UsageError } from "../errors.ts";
import type { Event } from "../message/event.ts";
import type { Arrays, DType, NdArray } from "../message/ndarray.ts";

/** Names an element type that frames may have: every integer and float but float16. */
export type FrameType = Exclude<DType, "float16">;

/** Holds the elements of a frame. */
export type Elements = Arrays[FrameType];

/** Says which value of an integer marks a pixel as not valid: its type's largest, a number, or none. */
export type Sentinel = "max" | "none" | number;

const LARGEST: Readonly<Record<string, number>> = {
  uint8: 0xff,
  int8: 0x7f,
  uint16: 0xffff,
  int16: 0x7fff,
  uint32: 0xffffffff,
  int32: 0x7fffffff,
  // The nearest numbers; kernels compare the integers themselves.
  uint64: 2 ** 64,
  int64: 2 ** 63,
};

/** Gives the sentinel of a type; undefined where there is none. Of a float, what is not finite is never valid. */
export function sentinelOf(dtype: FrameType, sentinel: Sentinel): number | undefined {
  if (sentinel === "none") return undefined;
  return sentinel === "max" ? LARGEST[dtype] : sentinel;
}

/** Checks an option that says which value marks a pixel as not valid. */
export function checkSentinel(subject: string, sentinel: unknown): Sentinel {
  if (sentinel === "max" || sentinel === "none") return sentinel;
  if (typeof sentinel === "number" && Number.isFinite(sentinel)) return sentinel;
  throw new UsageError(`${subject}: sentinel: expected "max", "none" or a number, got ${String(sentinel)}`);
}

/** Makes elements of the same type, all 0. */
export function emptyLike(data: Elements, length: number): Elements {
  return new (data.constructor as new (length: number) => Elements)(length);
}

/** Is a frame of two dimensions whose elements are numbers. */
export interface Frame {
  readonly dtype: FrameType;
  readonly rows: number;
  readonly columns: number;
  readonly data: Elements;
}

/** Gives the frame of an event; refuses what is no array of two dimensions. Leading dimensions of length 1 are left out. */
export function frameOf(subject: string, event: Event<unknown, NdArray<DType> | Uint8Array>): Frame {
  const { payload } = event;
  if (payload instanceof Uint8Array)
    throw new UsageError(`${subject}: expected a frame, got bytes; decode them before`);
  const { dtype, shape } = payload;
  const leading = Math.max(0, shape.length - 2);
  if (shape.length < 2 || shape.slice(0, leading).some((length) => length !== 1)) {
    throw new UsageError(`${subject}: expected a frame of two dimensions, got the shape [${shape.join(", ")}]`);
  }
  if (dtype === "float16") {
    throw new UsageError(`${subject}: float16 is not supported; convert the frame to float32 before`);
  }
  return {
    dtype,
    rows: shape[leading] as number,
    columns: shape[leading + 1] as number,
    data: payload.data as Elements,
  };
}
