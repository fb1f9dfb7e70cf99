import { UsageError } from "../../errors.ts";
import { arrayOf, type Document, markedForm, scalarBytes } from "../../message/documents/index.ts";
import type { Payload } from "../../message/message.ts";
import { bytesOf, type DType, isNdArray, itemSize, type NdArray, NdArray as NewArray } from "../../message/ndarray.ts";
import { type EssField, type EssSchema, FIELDS, SPECTRA_SLOT } from "./ess-fields.ts";
import type { EssOptions } from "./ess-options.ts";
import { FIRST_TYPE, TYPES } from "./ess-types.ts";
import type { FlatField } from "./flat-writer.ts";

/** Makes the table of a schema from content as it is read; marks in it stand for the payload. */
export function tableOf(
  schema: EssSchema,
  content: Document,
  payload: Payload,
  { dimensions }: Required<EssOptions>,
): readonly FlatField[] {
  const fields = fieldsIn(FIELDS[schema], content, payload);
  if (schema === "f144") return [...fields, ...logFields(content, payload)];
  if (schema === "ad00") return [...fields, ...imageFields(content, payload, dimensions)];
  if (schema === "da00") {
    const items = listOf(content["variables"], "variables").map((variable) => variableFields(variable, payload));
    return [...fields, { slot: 8, kind: "tables", items }];
  }
  const spectra = schema === "pl72" ? content["detector_spectrum_map"] : undefined;
  if (spectra === undefined || spectra === null) return fields;
  return [
    ...fields,
    { slot: SPECTRA_SLOT, kind: "table", fields: fieldsIn(FIELDS.spectra, spectra as Document, payload) },
  ];
}

function fieldsIn(fields: readonly EssField[], content: Document, payload: Payload): readonly FlatField[] {
  return fields.flatMap(([name, slot, kind]) => {
    const value = content[name];
    if (value === undefined || value === null) return [];
    if (typeof kind === "object") return [vectorField(slot, arrayIn(value, payload, name), kind.array, name)];
    if (kind === "name" || kind === "text") return [textField(slot, value, name)];
    return [scalarField(slot, kind, value, name)];
  });
}

function logFields(content: Document, payload: Payload): readonly FlatField[] {
  const { value, dtype } = content;
  const array = isArray(value) ? arrayIn(value, payload, "value") : undefined;
  const type = typeCode(array?.dtype ?? dtype, "value");
  if (array !== undefined) {
    const fields = [vectorField(4, array, array.dtype, "value")];
    return [scalarField(8, "uint8", type + FIRST_TYPE.f144Array, "value_type"), { slot: 10, kind: "table", fields }];
  }
  const fields = [scalarField(4, dtype as DType, value, "value")];
  return [scalarField(8, "uint8", type + FIRST_TYPE.f144, "value_type"), { slot: 10, kind: "table", fields }];
}

function imageFields(content: Document, payload: Payload, order: string): readonly FlatField[] {
  const data = dataOf(content["data"], payload, "data");
  const dimensions = order === "slowest-first" ? data.shape : data.shape.toReversed();
  const items = listOf(content["attributes"] ?? [], "attributes").map((attribute, index) => {
    const value = dataOf(attribute["data"], payload, `attributes[${index}].data`);
    return [
      ...textFields(
        attribute,
        [
          ["name", 4],
          ["description", 6],
          ["source", 8],
        ],
        `attributes[${index}]`,
      ),
      scalarField(10, "uint8", value.type + FIRST_TYPE.ad00, "data_type"),
      { slot: 12, kind: "vector", bytes: value.bytes, size: 1 } as const,
    ];
  });
  return [
    lengthsField(10, dimensions),
    scalarField(12, "uint8", data.type + FIRST_TYPE.ad00, "data_type"),
    { slot: 14, kind: "vector", bytes: data.bytes, size: 1 },
    { slot: 16, kind: "tables", items },
  ];
}

function variableFields(variable: Document, payload: Payload): readonly FlatField[] {
  const name = `variables["${String(variable["name"])}"]`;
  const data = dataOf(variable["data"], payload, `${name}.data`);
  const { axes: given } = variable;
  const known =
    Array.isArray(given) && given.length === data.shape.length ? (given as unknown[]).map(String) : undefined;
  const axes = data.isPlain ? [] : (known ?? data.shape.map((_, axis) => `dim_${axis}`));
  return [
    ...textFields(
      variable,
      [
        ["name", 4],
        ["unit", 6],
        ["label", 8],
        ["source", 10],
      ],
      name,
    ),
    scalarField(12, "uint8", data.type + FIRST_TYPE.da00, "data_type"),
    { slot: 14, kind: "texts", items: axes },
    // Without axes the shape counts bytes.
    lengthsField(16, data.isPlain ? [data.bytes.length] : data.shape),
    { slot: 18, kind: "vector", bytes: data.bytes, size: 1 },
  ];
}

interface Data {
  /** The place of the type in the list of types; text comes behind them. */
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly shape: readonly number[];
  /** True for a text or a single number, which has no dimensions. */
  readonly isPlain: boolean;
}

function dataOf(value: unknown, payload: Payload, name: string): Data {
  if (typeof value === "string") {
    const bytes = Buffer.from(value);
    return { type: TYPES.length, bytes, shape: [bytes.length], isPlain: true };
  }
  if (isArray(value)) {
    const array = arrayIn(value, payload, name);
    return { type: typeCode(array.dtype, name), bytes: bytesOf(array), shape: array.shape, isPlain: false };
  }
  const isWhole = typeof value === "bigint" || Number.isSafeInteger(value) || typeof value === "boolean";
  if (!isWhole && typeof value !== "number") {
    throw new UsageError(
      `${name}: expected an array, a number or a text, got ${value === null ? "null" : typeof value}`,
    );
  }
  const dtype = isWhole ? "int64" : "float64";
  return { type: TYPES.indexOf(dtype), bytes: scalarBytes(dtype, value, name), shape: [8], isPlain: true };
}

function typeCode(dtype: unknown, name: string): number {
  const code = TYPES.indexOf(dtype as DType);
  if (code >= 0) return code;
  throw new UsageError(`${name}: ${String(dtype)} cannot be written; convert to one of ${TYPES.join(", ")}`);
}

function isArray(value: unknown): boolean {
  return isNdArray(value) || markedForm(value) !== undefined;
}

function arrayIn(value: unknown, payload: Payload, name: string): NdArray<DType> {
  if (isNdArray(value)) return value;
  if (markedForm(value) !== undefined) return arrayOf(payload);
  throw new UsageError(`${name}: expected an NdArray`);
}

function listOf(value: unknown, name: string): readonly Document[] {
  if (Array.isArray(value)) return value as Document[];
  throw new UsageError(`${name}: expected a list`);
}

function vectorField(slot: number, array: NdArray<DType>, dtype: DType, name: string): FlatField {
  if (array.dtype !== dtype || array.shape.length !== 1) {
    throw new UsageError(`${name}: expected ${dtype} in one dimension, got ${array.dtype} in ${array.shape.length}`);
  }
  return { slot, kind: "vector", bytes: bytesOf(array), size: itemSize(dtype) };
}

function lengthsField(slot: number, lengths: readonly number[]): FlatField {
  const bytes = bytesOf(new NewArray<DType>(BigInt64Array.from(lengths, BigInt)));
  return { slot, kind: "vector", bytes, size: 8 };
}

function textFields(
  from: Document,
  names: readonly (readonly [string, number])[],
  place: string,
): readonly FlatField[] {
  return names.flatMap(([name, slot]) => {
    const value = from[name];
    return value === undefined || value === null ? [] : [textField(slot, value, `${place}.${name}`)];
  });
}

function textField(slot: number, value: unknown, name: string): FlatField {
  if (typeof value === "string") return { slot, kind: "text", text: value };
  throw new UsageError(`${name}: expected text, got ${typeof value}`);
}

function scalarField(slot: number, dtype: DType, value: unknown, name: string): FlatField {
  return { slot, kind: "scalar", bytes: scalarBytes(dtype, value, name) };
}
