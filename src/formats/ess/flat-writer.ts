/** Is a field of a table that is written: a scalar by its bytes, or what an offset refers to. */
export type FlatField =
  | { readonly slot: number; readonly kind: "scalar"; readonly bytes: Uint8Array }
  | { readonly slot: number; readonly kind: "text"; readonly text: string }
  | { readonly slot: number; readonly kind: "vector"; readonly bytes: Uint8Array; readonly size: number }
  | { readonly slot: number; readonly kind: "table"; readonly fields: readonly FlatField[] }
  | { readonly slot: number; readonly kind: "tables"; readonly items: readonly (readonly FlatField[])[] }
  | { readonly slot: number; readonly kind: "texts"; readonly items: readonly string[] };

const OFFSET = 4;

/** Writes a message of FlatBuffers: the tables first, what they refer to behind them. */
export function flatMessage(schema: string, fields: readonly FlatField[]): Uint8Array {
  const writer = new FlatWriter(sizeOf(fields) + 64);
  writer.root(schema, fields);
  return writer.finish();
}

/** Estimates how many bytes fields take, so that large ones are copied once. */
function sizeOf(fields: readonly FlatField[]): number {
  let size = 64;
  for (const field of fields) {
    size += 64;
    if (field.kind === "vector") size += field.bytes.length;
    else if (field.kind === "text") size += 3 * field.text.length;
    else if (field.kind === "table") size += sizeOf(field.fields);
    else if (field.kind === "tables") for (const item of field.items) size += sizeOf(item);
    else if (field.kind === "texts") for (const item of field.items) size += 16 + 3 * item.length;
  }
  return size;
}

class FlatWriter {
  #bytes: Buffer;
  #end = 0;

  constructor(size: number) {
    this.#bytes = Buffer.alloc(size);
  }

  root(schema: string, fields: readonly FlatField[]): void {
    this.#take(8);
    this.#bytes.write(schema, 4, "latin1");
    this.#bytes.writeUInt32LE(this.#table(fields), 0);
  }

  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#end);
  }

  /** Writes a table and gives where it is. */
  #table(fields: readonly FlatField[]): number {
    const slots = fields.reduce((most, { slot }) => Math.max(most, slot + 2), 4);
    const list = this.#take(slots, 2);
    // Large ones first, so that all of them lie at multiples of their sizes.
    const sorted = [...fields].sort((one, other) => inlineSize(other) - inlineSize(one));
    const places = new Map<FlatField, number>();
    let tableBytes = 4;
    for (const field of sorted) {
      const size = inlineSize(field);
      tableBytes = Math.ceil(tableBytes / size) * size;
      places.set(field, tableBytes);
      tableBytes += size;
    }
    const table = this.#take(tableBytes, 8);
    this.#bytes.writeInt32LE(table - list, table);
    this.#bytes.writeUInt16LE(slots, list);
    this.#bytes.writeUInt16LE(tableBytes, list + 2);
    for (const [field, place] of places) {
      this.#bytes.writeUInt16LE(place, list + field.slot);
      if (field.kind === "scalar") this.#bytes.set(field.bytes, table + place);
    }
    for (const [field, place] of places) if (field.kind !== "scalar") this.#refer(table + place, this.#content(field));
    return table;
  }

  #content(field: Exclude<FlatField, { kind: "scalar" }>): number {
    switch (field.kind) {
      case "text":
        return this.#text(field.text);
      case "vector":
        return this.#vector(field.bytes, field.size);
      case "table":
        return this.#table(field.fields);
      case "tables":
        return this.#list(field.items, (item) => this.#table(item));
      case "texts":
        return this.#list(field.items, (item) => this.#text(item));
    }
  }

  #list<T>(items: readonly T[], write: (item: T) => number): number {
    const at = this.#take(4 + OFFSET * items.length, 4);
    this.#bytes.writeUInt32LE(items.length, at);
    for (const [index, item] of items.entries()) this.#refer(at + 4 + OFFSET * index, write(item));
    return at;
  }

  #text(text: string): number {
    const length = Buffer.byteLength(text);
    // A byte of zero behind it.
    const at = this.#take(4 + length + 1, 4);
    this.#bytes.writeUInt32LE(length, at);
    this.#bytes.write(text, at + 4);
    return at;
  }

  #vector(bytes: Uint8Array, size: number): number {
    // The elements, which follow the count, lie at multiples of their size.
    this.#align(4);
    if (size === 8 && this.#end % 8 === 0) this.#take(4);
    const at = this.#take(4 + bytes.length);
    this.#bytes.writeUInt32LE(bytes.length / size, at);
    this.#bytes.set(bytes, at + 4);
    return at;
  }

  #refer(at: number, to: number): void {
    this.#bytes.writeUInt32LE(to - at, at);
  }

  #align(to: number): void {
    this.#take((to - (this.#end % to)) % to);
  }

  /** Takes room, which is all zero. */
  #take(length: number, align = 1): number {
    if (align > 1) this.#align(align);
    const at = this.#end;
    this.#end += length;
    if (this.#end > this.#bytes.length) {
      const larger = Buffer.alloc(2 * this.#end);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    return at;
  }
}

function inlineSize(field: FlatField): number {
  return field.kind === "scalar" ? field.bytes.length : OFFSET;
}
