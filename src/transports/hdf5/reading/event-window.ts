import { RejectedError } from "../../../errors.ts";
import type { Envelope } from "../../../message/envelope.ts";
import { readEnvelope } from "../../../message/json/envelope-fields.ts";
import { fromJsonArray } from "../../../message/json/json-array.ts";
import { readJson } from "../../../message/json/json-reader.ts";
import { isRefusedKey } from "../../../message/msgpack/refused-keys.ts";
import { type DType, type NdArray, viewBytes } from "../../../message/ndarray.ts";
import { IN_MORE, LAYOUT } from "../format/layout.ts";
import { readAttributes, type StoredValue } from "./attributes.ts";
import type { StoredDataset } from "./dataset.ts";
import type { StoredTree } from "./stored-tree.ts";

const EVENTS = "/entry/events";
const METADATA = "/entry/metadata";
const WINDOW = 512;
const MAX_COLUMNS = 1_024;
const MAX_DEPTH = 64;

interface Column {
  readonly dataset: StoredDataset;
  readonly attributes: ReadonlyMap<string, StoredValue>;
}

interface Columns {
  readonly time: Column;
  readonly array: Column;
  readonly row: Column;
  readonly more: Column;
  readonly length: Column | undefined;
  readonly sequence: Column | undefined;
  readonly metadata: ReadonlyMap<string, Column>;
}

/** Is what the columns say of one event. */
export interface StoredEvent {
  readonly array: number;
  readonly row: number;
  readonly length: number;
  readonly metadata: Record<string, unknown>;
  readonly envelope: Envelope;
  /** The array, where it has no elements. */
  readonly empty: NdArray<DType> | undefined;
}

/** Reads what columns say of events, many at a time. */
export class EventWindow {
  readonly count: number;
  readonly #columns: Columns;
  #first = 0;
  #events: readonly StoredEvent[] = [];

  private constructor(columns: Columns) {
    this.#columns = columns;
    this.count = columns.time.dataset.rows;
    const { metadata, ...others } = columns;
    for (const column of [...Object.values(others), ...metadata.values()] as (Column | undefined)[]) {
      if (column !== undefined && column.dataset.rows !== this.count) {
        throw new RejectedError("hdf5: the columns of the events differ in length; the file is damaged");
      }
    }
  }

  static async open(tree: StoredTree): Promise<EventWindow> {
    const must = async (name: string): Promise<Column> => {
      const column = await columnAt(tree, `${EVENTS}/${name}`);
      if (column === undefined) throw new RejectedError(`hdf5: ${EVENTS}/${name} is missing; the file is damaged`);
      return column;
    };
    const metadata = new Map<string, Column>();
    const group = await tree.find(METADATA);
    for (const name of group === undefined ? [] : (await tree.names(group)).slice(0, MAX_COLUMNS)) {
      const column = await columnAt(tree, `${METADATA}/${name}`);
      const key = column?.attributes.get(LAYOUT.key);
      if (column !== undefined && typeof key === "string" && !isRefusedKey(key)) metadata.set(key, column);
    }
    return new EventWindow({
      time: await must("time"),
      array: await must("array"),
      row: await must("row"),
      more: await must("more"),
      length: await columnAt(tree, `${EVENTS}/length`),
      sequence: await columnAt(tree, `${EVENTS}/sequence`),
      metadata,
    });
  }

  /** Gives what is known of an event. */
  async event(number: number): Promise<StoredEvent> {
    const at = number - this.#first;
    const known = at >= 0 ? this.#events[at] : undefined;
    if (known !== undefined) return known;
    this.#events = await this.#read(number, Math.min(WINDOW, this.count - number));
    this.#first = number;
    const event = this.#events[0];
    if (event === undefined) throw new RejectedError(`hdf5: there is no event ${number}`);
    return event;
  }

  async #read(from: number, count: number): Promise<readonly StoredEvent[]> {
    const { time, array, row, more, length, sequence, metadata } = this.#columns;
    const numbers = async (column: Column | undefined, other: number): Promise<(index: number) => number> => {
      if (column === undefined) return () => other;
      const values = await valuesOf(column.dataset, from, count);
      return (index) => Number(values[index]);
    };
    const [times, arrays, rows] = [await numbers(time, 0), await numbers(array, 0), await numbers(row, 0)];
    const [lengths, sequences] = [await numbers(length, 0), await numbers(sequence, -1)];
    const mores = await valuesOf(more.dataset, from, count);
    const columns: [string, readonly unknown[], number][] = [];
    for (const [key, column] of metadata) {
      const since = Number(column.attributes.get(LAYOUT.since) ?? 0);
      columns.push([key, await valuesOf(column.dataset, from, count), since]);
    }
    const of = {
      stream: String(sequence?.attributes.get(LAYOUT.stream) ?? ""),
      partition: String(sequence?.attributes.get(LAYOUT.partition) ?? ""),
    };
    return Array.from({ length: count }, (_, index) => {
      const rest = readMore(mores[index]);
      const values: Record<string, unknown> = {};
      for (const [key, column, since] of columns) {
        const value = column[index];
        const isThere = from + index >= since && !Number.isNaN(value) && !rest.absent.has(key);
        if (isThere && !Object.hasOwn(rest.metadata, key)) values[key] = value;
      }
      const timeMs = times(index);
      const number = sequences(index);
      return {
        array: arrays(index),
        row: rows(index),
        length: lengths(index),
        metadata: { ...values, ...rest.metadata },
        envelope: {
          ...(!Number.isNaN(timeMs) && { timeMs }),
          ...(number >= 0 && { origin: { ...of, sequence: number } }),
          ...rest.envelope,
        },
        empty: arrays(index) === IN_MORE ? fromJsonArray({ ...rest.empty, data: "" }, "hdf5: an array") : undefined,
      };
    });
  }
}

interface More {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly absent: ReadonlySet<unknown>;
  readonly envelope: Envelope;
  readonly empty: object;
}

const NOTHING: More = { metadata: {}, absent: new Set(), envelope: {}, empty: {} };

function readMore(text: unknown): More {
  if (typeof text !== "string" || text === "") return NOTHING;
  const fields = readJson(Buffer.from(text), { maxDepth: MAX_DEPTH + 2, tags: true });
  if (typeof fields !== "object" || fields === null) throw new RejectedError("hdf5: more: expected an object");
  const { metadata = {}, absent = [], empty = {}, ...envelope } = fields as Record<string, unknown>;
  if (typeof metadata !== "object" || metadata === null || !Array.isArray(absent) || typeof empty !== "object") {
    throw new RejectedError("hdf5: what columns cannot hold is not in its form; the file is damaged");
  }
  return {
    metadata: metadata as Readonly<Record<string, unknown>>,
    absent: new Set<unknown>(absent),
    envelope: readEnvelope(envelope),
    empty: empty as object,
  };
}

async function columnAt(tree: StoredTree, path: string): Promise<Column | undefined> {
  const dataset = await tree.dataset(path);
  if (dataset === undefined || dataset.shape.length !== 1) return undefined;
  const object = await tree.find(path);
  return { dataset, attributes: object === undefined ? new Map() : await readAttributes(object) };
}

async function valuesOf(dataset: StoredDataset, from: number, count: number): Promise<readonly unknown[]> {
  const { type } = dataset;
  if (type.kind !== "number") return dataset.texts(from, count);
  const values: readonly (number | bigint)[] = [...viewBytes(type.dtype, await dataset.bytes(from, count))];
  return type.dtype === "bool" ? values.map((value) => value !== 0) : values;
}
