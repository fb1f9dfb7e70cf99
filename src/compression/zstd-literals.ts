import { BackwardBits, damaged, highestBit } from "./zstd-bits.ts";
import { follow, readFrequencies, stateTable } from "./zstd-states.ts";

/** Is a table of prefix codes: for each value of `log` bits the symbol with which it begins, and that one's bits. */
export interface PrefixTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
}

/** Is what a block says of its literals. */
export interface Literals {
  readonly literals: Uint8Array;
  /** How many bytes of the block this took. */
  readonly bytes: number;
  /** What a later block may refer to. */
  readonly table: PrefixTable | undefined;
}

const MOST_LITERALS = 128 * 1024;
const MOST_BITS = 11;
const MOST_WEIGHTS = 255;

/** Reads the literals of a block: as they are, one that is repeated, or coded by prefixes. */
export function readLiterals(block: Uint8Array, known: PrefixTable | undefined): Literals {
  const first = at(block, 0);
  const [kind, format] = [first & 3, (first >> 2) & 3];
  if (kind >= 2) return coded(block, format, kind === 3, known);
  const headBytes = format === 1 ? 2 : format === 3 ? 3 : 1;
  const size = littleEndian(block, 0, headBytes) >> (headBytes === 1 ? 3 : 4);
  if (size > MOST_LITERALS) throw damaged("too many literals");
  if (kind === 1) {
    const literals = new Uint8Array(size).fill(at(block, headBytes));
    return { literals, bytes: headBytes + 1, table: known };
  }
  const end = headBytes + size;
  if (end > block.length) throw damaged("its literals end early");
  return { literals: block.subarray(headBytes, end), bytes: end, table: known };
}

function coded(block: Uint8Array, format: number, isKnown: boolean, known: PrefixTable | undefined): Literals {
  const headBytes = format === 3 ? 5 : format === 2 ? 4 : 3;
  const width = format === 3 ? 18 : format === 2 ? 14 : 10;
  const head = littleEndian(block, 0, headBytes);
  const size = Math.floor(head / 16) % 2 ** width;
  const end = headBytes + Math.floor(head / 2 ** (4 + width));
  if (size > MOST_LITERALS || end > block.length) throw damaged("its literals end early");
  let from = headBytes;
  let table = known;
  if (!isKnown) {
    const read = readPrefixes(block.subarray(from, end));
    from += read.bytes;
    table = read.table;
  }
  if (table === undefined) throw damaged("it refers to a table that was not sent");
  const literals = new Uint8Array(size);
  if (format === 0) readSymbols(block.subarray(from, end), table, literals);
  else readFour(block.subarray(from, end), table, literals);
  return { literals, bytes: end, table };
}

/** Reads the four parts into which many literals are divided; the last has the rest. */
function readFour(bytes: Uint8Array, table: PrefixTable, literals: Uint8Array): void {
  const part = Math.ceil(literals.length / 4);
  let from = 6;
  for (let index = 0; index < 4; index += 1) {
    const end = index < 3 ? from + littleEndian(bytes, 2 * index, 2) : bytes.length;
    if (end > bytes.length || end <= from || part * index > literals.length) throw damaged("its literals end early");
    const to = index < 3 ? part * (index + 1) : literals.length;
    readSymbols(bytes.subarray(from, end), table, literals.subarray(part * index, to));
    from = end;
  }
}

function readSymbols(bytes: Uint8Array, { log, symbols, bits }: PrefixTable, into: Uint8Array): void {
  const reader = new BackwardBits(bytes);
  for (let index = 0; index < into.length; index += 1) {
    const entry = reader.peek(log);
    into[index] = symbols[entry] as number;
    reader.skip(bits[entry] as number);
  }
  if (reader.left !== 0) throw damaged("its literals do not end with their bits");
}

/** Reads a table of prefixes, which is told by the weight of each symbol but the last. */
function readPrefixes(bytes: Uint8Array): { readonly table: PrefixTable; readonly bytes: number } {
  const head = at(bytes, 0);
  if (head < 128) {
    if (head + 1 > bytes.length) throw damaged("a table ends early");
    return { table: prefixTable(codedWeights(bytes.subarray(1, 1 + head))), bytes: 1 + head };
  }
  const weights = Array.from({ length: head - 127 }, (_, index) => {
    const pair = at(bytes, 1 + (index >> 1));
    return index % 2 === 0 ? pair >> 4 : pair & 15;
  });
  return { table: prefixTable(weights), bytes: 1 + Math.ceil(weights.length / 2) };
}

/** Reads weights that two states give in turn, until there are no bits for the next one. */
function codedWeights(bytes: Uint8Array): number[] {
  const frequencies = readFrequencies(bytes, { log: 6, symbol: MOST_BITS + 1 });
  const table = stateTable(frequencies);
  const reader = new BackwardBits(bytes.subarray(frequencies.bytes));
  let [state, other] = [reader.read(table.log), reader.read(table.log)];
  if (reader.left < 0) throw damaged("a table ends early");
  const weights: number[] = [];
  while (weights.length < MOST_WEIGHTS) {
    weights.push(table.symbols[state] as number);
    const following = follow(table, state, reader);
    if (reader.left < 0) {
      weights.push(table.symbols[other] as number);
      return weights;
    }
    [state, other] = [other, following];
  }
  throw damaged("a table has too many weights");
}

/** Makes the table; the weight of the last symbol is what is missing to a power of two. */
function prefixTable(weights: readonly number[]): PrefixTable {
  let sum = 0;
  for (const weight of weights) sum += weight > 0 ? 2 ** (weight - 1) : 0;
  if (sum === 0 || weights.length > MOST_WEIGHTS) throw damaged("a table has no symbols");
  const log = highestBit(sum) + 1;
  const missing = 2 ** log - sum;
  if (log > MOST_BITS || missing !== 1 << highestBit(missing)) throw damaged("the weights of a table do not add up");
  const all = [...weights, highestBit(missing) + 1];
  const [symbols, bits] = [new Uint8Array(1 << log), new Uint8Array(1 << log)];
  let to = 0;
  for (let weight = 1; weight <= log; weight += 1) {
    for (const [symbol, own] of all.entries()) {
      if (own !== weight) continue;
      const end = to + (1 << (weight - 1));
      symbols.fill(symbol, to, end);
      bits.fill(log + 1 - weight, to, end);
      to = end;
    }
  }
  return { log, symbols, bits };
}

function at(bytes: Uint8Array, index: number): number {
  const byte = bytes[index];
  if (byte === undefined) throw damaged("it ends early");
  return byte;
}

function littleEndian(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let index = count - 1; index >= 0; index -= 1) value = value * 256 + at(bytes, from + index);
  return value;
}
