import type { DType } from "../../message/ndarray.ts";

/** Says what a field of a schema is: `name` is a text that must be there. */
export type FieldKind = "name" | "text" | "int32" | "uint32" | "int64" | "uint64" | { readonly array: DType };

/** Is a field: its name in our messages, its place in a table's list of fields, its kind. */
export type EssField = readonly [name: string, slot: number, kind: FieldKind, absent?: number];

/** Names a table that is a list of such fields: a schema, or the part of pl72. */
export type ListedTable = EssSchema | "spectra";

/** The fields of schemas whose tables hold nothing else, in the order of our messages. */
export const FIELDS: Readonly<Record<ListedTable, readonly EssField[]>> = {
  ev44: [
    ["source_name", 4, "name"],
    ["message_id", 6, "int64"],
    ["reference_time", 8, { array: "int64" }],
    ["reference_time_index", 10, { array: "int32" }],
    ["time_of_flight", 12, { array: "int32" }],
    ["pixel_id", 14, { array: "int32" }],
  ],
  f144: [
    ["source_name", 4, "name"],
    ["timestamp", 6, "int64"],
  ],
  ad00: [
    ["source_name", 4, "name"],
    ["id", 6, "int32"],
    ["timestamp", 8, "int64"],
  ],
  da00: [
    ["source_name", 4, "name"],
    ["timestamp", 6, "int64"],
  ],
  pl72: [
    ["job_id", 14, "name"],
    ["filename", 20, "text"],
    ["start_time", 4, "uint64"],
    ["stop_time", 6, "uint64"],
    ["run_name", 8, "text"],
    ["nexus_structure", 12, "text"],
    ["service_id", 18, "text"],
    ["instrument_name", 10, "text"],
    ["broker", 16, "text"],
    ["metadata", 26, "text"],
    ["control_topic", 28, "text"],
    ["n_periods", 22, "uint32", 1],
  ],
  "6s4t": [
    ["job_id", 8, "name"],
    ["run_name", 6, "text"],
    ["service_id", 10, "text"],
    ["command_id", 12, "text"],
    ["stop_time", 4, "uint64"],
  ],
  x5f2: [
    ["software_name", 4, "text"],
    ["software_version", 6, "text"],
    ["service_id", 8, "text"],
    ["host_name", 10, "text"],
    ["process_id", 12, "uint32"],
    ["update_interval", 14, "uint32"],
    ["status_json", 16, "text"],
  ],
  /** Part of pl72. */
  spectra: [
    ["spectrum", 4, { array: "int32" }],
    ["detector_id", 6, { array: "int32" }],
    ["n_spectra", 8, "int32"],
  ],
};

/** Where pl72 has its table of spectra. */
export const SPECTRA_SLOT = 24;

/** Names a schema that is understood. */
export type EssSchema = "ev44" | "f144" | "ad00" | "da00" | "pl72" | "6s4t" | "x5f2";

/** Tells whether a schema is understood. */
export function isKnownSchema(schema: string): schema is EssSchema {
  return Object.hasOwn(FIELDS, schema) && schema !== "spectra";
}
