import { RejectedError } from "../../errors.ts";
import { AsReceived, type Document } from "../../message/documents/index.ts";
import { quoted } from "../../message/msgpack/path.ts";
import type { DType } from "../../message/ndarray.ts";

/** What was read of this format, for whoever writes it again. */
export const RECEIVED: AsReceived = new AsReceived();

/** Element types by the names that LabVIEW has for them. */
export const TYPES: Readonly<Record<string, DType>> = {
  U8: "uint8",
  U16: "uint16",
  U32: "uint32",
  U64: "uint64",
  I8: "int8",
  I16: "int16",
  I32: "int32",
  I64: "int64",
  "Single Float": "float32",
  "Double Float": "float64",
};

/** Is what the frames of a run are. */
export interface FrameLayout {
  readonly dtype: DType;
  readonly shape: readonly [number, number];
}

/** Reads from a start what the frames will be. */
export function frameLayout(header: Document): FrameLayout {
  const { data_type: type, Rectangle: rectangle } = header;
  const dtype = typeof type === "string" && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (dtype === undefined) {
    const given = typeof type === "string" ? `${quoted(type)} is not supported` : "expected text";
    throw new RejectedError(`header.data_type: ${type === undefined ? "missing" : given}`);
  }
  if (typeof rectangle !== "object" || rectangle === null || Array.isArray(rectangle)) {
    throw new RejectedError(`header.Rectangle: ${rectangle === undefined ? "missing" : "expected an object"}`);
  }
  const edges = rectangle as Document;
  return { dtype, shape: [lengthOf(edges, "Top", "Bottom"), lengthOf(edges, "Left", "Right")] };
}

function lengthOf(edges: Document, from: string, to: string): number {
  const [low, high] = [edges[from], edges[to]];
  for (const [edge, value] of Object.entries({ [from]: low, [to]: high })) {
    if (!Number.isSafeInteger(value)) throw new RejectedError(`header.Rectangle.${edge}: expected a whole number`);
  }
  const length = (high as number) - (low as number);
  if (length >= 0 && Number.isSafeInteger(length)) return length;
  throw new RejectedError(`header.Rectangle.${to}: is less than ${from}`);
}
