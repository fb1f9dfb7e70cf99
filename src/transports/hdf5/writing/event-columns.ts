import type { Origin } from "../../../message/envelope.ts";
import type { Event } from "../../../message/event.ts";
import { toJson } from "../../../message/json/json-writer.ts";
import type { Payload } from "../../../message/message.ts";
import { type DType, isNdArray, type NdArray } from "../../../message/ndarray.ts";
import { BYTES, IN_MORE, LAYOUT } from "../format/layout.ts";
import type { ArrayPlace, ArraySets } from "./array-sets.ts";
import { textAttribute } from "./attributes.ts";
import { Column } from "./column.ts";
import type { Group } from "./group.ts";
import type { MetadataColumns } from "./metadata-columns.ts";
import type { TreeFile } from "./tree-file.ts";

type AnyEvent = Event<unknown, Payload>;

/** Puts events into datasets: when, what payload, what metadata, and what has no place of its own. */
export class EventColumns {
  readonly #tree: TreeFile;
  readonly #group: Group;
  readonly #arrays: ArraySets;
  readonly #metadata: MetadataColumns;
  readonly #time: Column;
  readonly #array: Column;
  readonly #row: Column;
  readonly #more: Column;
  #bytes: { readonly content: Column; readonly length: Column } | undefined;
  #sequence: { readonly of: Origin; readonly column: Column } | undefined;
  #count = 0;

  constructor(tree: TreeFile, group: Group, arrays: ArraySets, metadata: MetadataColumns) {
    this.#tree = tree;
    this.#group = group;
    this.#arrays = arrays;
    this.#metadata = metadata;
    const { file } = tree;
    const units = [textAttribute(tree, "units", "ms"), textAttribute(tree, "start", "1970-01-01T00:00:00Z")];
    const fill = bytesOf(Float64Array.of(Number.NaN));
    this.#time = group.add("time", new Column(file, { form: "float64", shape: [], fill, attributes: units }));
    this.#array = group.add("array", new Column(file, { form: "int32", shape: [] }));
    this.#row = group.add("row", new Column(file, { form: "int64", shape: [] }));
    this.#more = group.add("more", new Column(file, { form: "text", shape: [] }));
  }

  get count(): number {
    return this.#count;
  }

  /** Adds an event; what fails has not been added. */
  add(event: AnyEvent): void | Promise<void> {
    // What cannot be written as JSON is refused before anything is added.
    checkJson(event);
    const { payload } = event;
    if (isNdArray(payload) && payload.byteLength > 0) {
      const place = this.#arrays.add(payload);
      if (place instanceof Promise) return place.then((known) => this.#added(event, known));
      this.#added(event, place);
      return undefined;
    }
    const { array, row } = isNdArray(payload) ? { array: IN_MORE, row: 0 } : this.#addBytes(payload);
    this.#added(event, { array, row });
    return undefined;
  }

  /** Writes the chunks that are full. */
  async writeChunks(): Promise<void> {
    const columns = [this.#time, this.#array, this.#row, this.#more];
    if (this.#bytes !== undefined) columns.push(this.#bytes.content, this.#bytes.length);
    if (this.#sequence !== undefined) columns.push(this.#sequence.column);
    for (const column of columns) await column.writeChunks();
    await this.#arrays.writeChunks();
    await this.#metadata.writeChunks();
  }

  #added(event: AnyEvent, { array, row }: ArrayPlace): void {
    const { envelope, payload } = event;
    const { timeMs, key, origin, headers, trace } = envelope;
    this.#time.push(timeMs === undefined ? undefined : bytesOf(Float64Array.of(timeMs)));
    this.#array.push(bytesOf(Int32Array.of(array)));
    this.#row.push(integer(row));
    if (this.#bytes !== undefined) this.#bytes.length.push(integer(isNdArray(payload) ? 0 : payload.length));
    const { metadata, absent } = this.#metadata.add(event.metadata as Readonly<Record<string, unknown>>);
    const more = {
      ...(Object.keys(metadata).length > 0 && { metadata: toJson(metadata, "metadata") }),
      ...(absent.length > 0 && { absent }),
      ...(array === IN_MORE && { empty: emptyArray(payload as NdArray<DType>) }),
      ...(key !== undefined && { key }),
      ...(!this.#addSequence(origin) && { origin }),
      ...(headers !== undefined && { headers: toJson(headers, "headers") }),
      ...(trace !== undefined && { trace }),
    };
    this.#more.push(this.#tree.texts.add(Object.keys(more).length === 0 ? "" : JSON.stringify(more)));
    this.#count += 1;
  }

  #addBytes(payload: Uint8Array): ArrayPlace {
    const { file } = this.#tree;
    this.#bytes ??= {
      content: this.#group.add("bytes", new Column(file, { form: "uint8", shape: [] })),
      length: this.#group.add("length", new Column(file, { form: "int64", shape: [], since: this.#count })),
    };
    const row = this.#bytes.content.rows;
    this.#bytes.content.addBytes(payload);
    return { array: BYTES, row };
  }

  /** False where the origin has to stand elsewhere. */
  #addSequence(origin: Origin | undefined): boolean {
    if (origin !== undefined && this.#sequence === undefined) {
      const attributes = [
        textAttribute(this.#tree, LAYOUT.stream, origin.stream),
        textAttribute(this.#tree, LAYOUT.partition, origin.partition),
      ];
      const options = { form: "int64", shape: [], since: this.#count, fill: integer(-1), attributes } as const;
      this.#sequence = { of: origin, column: this.#group.add("sequence", new Column(this.#tree.file, options)) };
    }
    if (this.#sequence === undefined) return true;
    const { of, column } = this.#sequence;
    const isSame = origin !== undefined && origin.stream === of.stream && origin.partition === of.partition;
    column.push(isSame ? integer(origin.sequence) : undefined);
    return isSame || origin === undefined;
  }
}

function checkJson({ metadata, envelope }: AnyEvent): void {
  toJson(metadata, "metadata");
  toJson(envelope.headers, "headers");
}

function emptyArray({ dtype, shape }: NdArray<DType>): { dtype: string; shape: readonly number[] } {
  return { dtype, shape };
}

function integer(value: number): Uint8Array {
  return bytesOf(BigInt64Array.of(BigInt(value)));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
