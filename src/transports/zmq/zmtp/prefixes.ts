/** Tells whether bytes begin with one of some prefixes. */
export function beginsWithAny(topic: Uint8Array, prefixes: Iterable<Uint8Array>): boolean {
  for (const prefix of prefixes) if (beginsWith(topic, prefix)) return true;
  return false;
}

function beginsWith(topic: Uint8Array, prefix: Uint8Array): boolean {
  if (prefix.length > topic.length) return false;
  for (let at = 0; at < prefix.length; at += 1) if (prefix[at] !== topic[at]) return false;
  return true;
}

/** From so many on they are looked up, not compared one by one. */
const MANY = 16;

/** Is what one subscriber asks for, or several who ask for the same. */
export class Prefixes {
  readonly #all = new Map<string, Uint8Array>();
  /** How many there are of each length. */
  readonly #lengths = new Map<number, number>();
  #list: readonly Uint8Array[] = [];
  #bytes = 0;

  get count(): number {
    return this.#all.size;
  }

  /** Bytes of all of them together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A text that is the same for the same prefixes, in whatever order they came. */
  get key(): string {
    const keys = [...this.#all.keys()].sort();
    return keys.map((key) => `${key.length}:${key}`).join("");
  }

  values(): IterableIterator<Uint8Array> {
    return this.#all.values();
  }

  /** Adds one; false when it is there already. */
  add(prefix: Uint8Array): boolean {
    const key = keyOf(prefix, prefix.length);
    if (this.#all.has(key)) return false;
    this.#all.set(key, prefix);
    this.#bytes += prefix.length;
    this.#lengths.set(prefix.length, (this.#lengths.get(prefix.length) ?? 0) + 1);
    this.#list = this.#all.size < MANY ? [...this.#all.values()] : [];
    return true;
  }

  /** Takes one away; false when it was not there. */
  remove(prefix: Uint8Array): boolean {
    if (!this.#all.delete(keyOf(prefix, prefix.length))) return false;
    this.#bytes -= prefix.length;
    const left = (this.#lengths.get(prefix.length) as number) - 1;
    if (left === 0) this.#lengths.delete(prefix.length);
    else this.#lengths.set(prefix.length, left);
    this.#list = this.#all.size < MANY ? [...this.#all.values()] : [];
    return true;
  }

  matches(topic: Uint8Array): boolean {
    const list = this.#list;
    if (this.#all.size < MANY) {
      for (let index = 0; index < list.length; index += 1) {
        if (beginsWith(topic, list[index] as Uint8Array)) return true;
      }
      return false;
    }
    for (const length of this.#lengths.keys()) {
      if (length <= topic.length && this.#all.has(keyOf(topic, length))) return true;
    }
    return false;
  }
}

function keyOf(bytes: Uint8Array, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("latin1");
}
