import { RejectedError } from "../../errors.ts";
import { claimedArray, type Document, named } from "../../message/documents/index.ts";
import { utf8 } from "../../message/json/json-text.ts";
import { type DType, itemSize, type NdArray, viewBytes } from "../../message/ndarray.ts";
import { type EssField, type EssSchema, FIELDS, SPECTRA_SLOT } from "./ess-fields.ts";
import { FIRST_TYPE, TYPES } from "./ess-types.ts";
import type { FlatTable } from "./flat-table.ts";

type Dimensions = "slowest-first" | "fastest-first";

/** Reads what a table of a schema holds. */
export function readContent(schema: EssSchema, table: FlatTable, dimensions: Dimensions): Document {
  const content: Document = { schema, ...readFields(FIELDS[schema], table, "") };
  if (schema === "f144") readLog(content, table);
  else if (schema === "ad00") readImage(content, table, dimensions);
  else if (schema === "da00") content["variables"] = readVariables(table);
  else if (schema === "ev44") checkEvents(content);
  else if (schema === "pl72") {
    const spectra = table.table(SPECTRA_SLOT, "detector_spectrum_map");
    content["detector_spectrum_map"] =
      spectra === undefined ? null : readFields(FIELDS.spectra, spectra, "detector_spectrum_map.");
  }
  return content;
}

function readFields(fields: readonly EssField[], table: FlatTable, under: string): Document {
  return Object.fromEntries(fields.map((field) => [field[0], readField(field, table, under + field[0])]));
}

function readField([, slot, kind, absent]: EssField, table: FlatTable, name: string): unknown {
  if (typeof kind === "object") {
    const bytes = table.vector(slot, itemSize(kind.array), name) ?? new Uint8Array(0);
    return claimedArray(kind.array, [bytes.length / itemSize(kind.array)], bytes, name);
  }
  if (kind === "text") return table.text(slot, name) ?? null;
  if (kind === "name") {
    const text = table.text(slot, name);
    if (text !== undefined) return text;
    throw new RejectedError(`${name}: missing`);
  }
  if (kind === "uint32") return table.uint32(slot, name, absent);
  return table[kind](slot, name);
}

/** A value of zero is not stored at all. */
function readLog(content: Document, table: FlatTable): void {
  const code = table.uint8(8, "value_type");
  const isArray = code >= FIRST_TYPE.f144Array;
  const dtype = TYPES[code - (isArray ? FIRST_TYPE.f144Array : FIRST_TYPE.f144)];
  if (dtype === undefined) throw new RejectedError(`value_type: ${code} is not known`);
  const value = table.table(10, "value");
  if (value === undefined) throw new RejectedError("value: missing");
  const size = itemSize(dtype);
  if (isArray) {
    const bytes = value.vector(4, size, "value") ?? new Uint8Array(0);
    content["value"] = claimedArray(dtype, [bytes.length / size], bytes, "value");
  } else content["value"] = scalarOf(dtype, value.scalar(4, size, "value"));
  content["dtype"] = dtype;
}

function readImage(content: Document, table: FlatTable, dimensions: Dimensions): void {
  const dtype = typeOf(table.uint8(12, "data_type"), "ad00", "data_type");
  const bytes = table.vector(14, 1, "data") ?? new Uint8Array(0);
  const shape = lengths(table, 10, "dimensions");
  if (dtype === "text") content["data"] = named("data", () => utf8(bytes));
  else {
    const order = dimensions === "slowest-first" ? shape : shape.toReversed();
    content["data"] = named("dimensions", () => claimedArray(dtype, order, bytes, ""));
  }
  content["attributes"] = table.tables(16, "attributes").map((attribute, index) => {
    const name = `attributes[${index}]`;
    const type = typeOf(attribute.uint8(10, `${name}.data_type`), "ad00", `${name}.data_type`);
    const data = attribute.vector(12, 1, `${name}.data`) ?? new Uint8Array(0);
    return {
      name: attribute.text(4, `${name}.name`) ?? null,
      description: attribute.text(6, `${name}.description`) ?? null,
      source: attribute.text(8, `${name}.source`) ?? null,
      data: plainData(type, data, `${name}.data`),
    };
  });
}

function readVariables(table: FlatTable): readonly Document[] {
  return table.tables(8, "variables").map((variable, index) => {
    const name = `variables[${index}]`;
    const type = typeOf(variable.uint8(12, `${name}.data_type`), "da00", `${name}.data_type`);
    const axes = variable.texts(14, `${name}.axes`);
    const shape = lengths(variable, 16, `${name}.shape`);
    const bytes = variable.vector(18, 1, `${name}.data`) ?? new Uint8Array(0);
    return {
      name: variable.text(4, `${name}.name`) ?? null,
      unit: variable.text(6, `${name}.unit`) ?? null,
      label: variable.text(8, `${name}.label`) ?? null,
      source: variable.text(10, `${name}.source`) ?? null,
      axes,
      shape,
      // Without axes the shape counts bytes.
      data: axes.length > 0 && type !== "text" ? arrayOf(type, shape, axes, bytes, name) : plainData(type, bytes, name),
    };
  });
}

function arrayOf(dtype: DType, shape: readonly number[], axes: readonly string[], bytes: Uint8Array, name: string) {
  if (shape.length !== axes.length) {
    throw new RejectedError(`${name}.axes: there are ${axes.length}, the shape has ${shape.length} dimensions`);
  }
  return claimedArray(dtype, shape, bytes, name);
}

/** Gives what data without a shape are: a text, one value, or an array of one dimension. */
function plainData(type: DType | "text", bytes: Uint8Array, name: string): unknown {
  if (type === "text") return named(name, () => utf8(bytes));
  const count = bytes.length / itemSize(type);
  if (count === 1) return scalarOf(type, bytes);
  if (Number.isInteger(count)) return claimedArray(type, [count], bytes, name);
  throw new RejectedError(`${name}: the bytes are no whole number of elements of ${type}`);
}

function typeOf(code: number, schema: "ad00" | "da00", name: string): DType | "text" {
  const index = code - FIRST_TYPE[schema];
  const type = index === TYPES.length ? "text" : TYPES[index];
  if (type !== undefined) return type;
  throw new RejectedError(`${name}: ${code} is not known`);
}

/** Reads a shape, whose lengths have 64 bits. */
function lengths(table: FlatTable, slot: number, name: string): readonly number[] {
  const bytes = table.vector(slot, 8, name) ?? new Uint8Array(0);
  if (bytes.length > 16 * 8) throw new RejectedError(`${name}: more than 16 dimensions`);
  return Array.from(viewBytes("int64", bytes), Number);
}

/** Pulses point to their first event; monitors have no pixels. */
function checkEvents(content: Document): void {
  const {
    reference_time_index: index,
    time_of_flight: times,
    pixel_id: pixels,
  } = content as Readonly<Record<string, NdArray<"int32">>>;
  const [events = 0] = times?.shape ?? [];
  const [known = 0] = pixels?.shape ?? [];
  if (known !== 0 && known !== events) {
    throw new RejectedError(`pixel_id: has ${known} elements, time_of_flight has ${events}`);
  }
  for (const first of index?.data ?? []) {
    if (first < 0 || first > events)
      throw new RejectedError(`reference_time_index: ${first} is not among ${events} events`);
  }
}

function scalarOf(dtype: DType, bytes: Uint8Array): number | bigint {
  const [value = 0] = viewBytes(dtype, bytes) as ArrayLike<number | bigint> & Iterable<number | bigint>;
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
