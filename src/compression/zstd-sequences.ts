import { BackwardBits, damaged } from "./zstd-bits.ts";
import { follow, onlySymbol, readFrequencies, type StateTable, stateTable } from "./zstd-states.ts";

/** Names what is coded of a sequence, in the order of the tables. */
type Part = "literals" | "offset" | "match";

/** Is what later blocks of a frame may refer to. */
export interface Memory {
  readonly tables: Partial<Record<Part, StateTable>>;
  /** The latest three offsets. */
  readonly offsets: [number, number, number];
}

/** Is what is decoded so far. */
export interface Output {
  readonly target: Uint8Array;
  at: number;
}

interface Code {
  readonly base: readonly number[];
  readonly bits: readonly number[];
}

const repeat = (count: number, value: number): number[] => Array.from({ length: count }, () => value);

const LITERAL_BITS = [...repeat(16, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const MATCH_BITS = [...repeat(32, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const LITERALS: Code = codeOf(LITERAL_BITS, 0);
const MATCHES: Code = codeOf(MATCH_BITS, 3);

/** Says of each part how large its table may be, and which one holds where none is sent. */
const PARTS: Readonly<Record<Part, { readonly log: number; readonly symbol: number; readonly usual: StateTable }>> = {
  literals: {
    log: 9,
    symbol: 35,
    usual: stateTable({
      log: 6,
      of: [4, 3, ...repeat(11, 2), 1, 1, 1, ...repeat(9, 2), 3, 2, ...repeat(5, 1), ...repeat(4, -1)],
    }),
  },
  offset: {
    log: 8,
    symbol: 31,
    usual: stateTable({ log: 5, of: [...repeat(6, 1), 2, 2, 2, ...repeat(15, 1), ...repeat(5, -1)] }),
  },
  match: {
    log: 9,
    symbol: 52,
    usual: stateTable({ log: 6, of: [1, 4, 3, ...repeat(6, 2), ...repeat(37, 1), ...repeat(7, -1)] }),
  },
};

/** Decodes the sequences of a block: literals that are copied, then a match that is copied from what is there already. */
export function decodeSequences(bytes: Uint8Array, literals: Uint8Array, memory: Memory, output: Output): void {
  const { count, from: head } = sequenceCount(bytes);
  if (count === 0) {
    if (head !== bytes.length) throw damaged("bytes are left over");
    put(literals, output);
    return;
  }
  const modes = bytes[head] ?? 3;
  if ((modes & 3) !== 0) throw damaged("its tables are of no known kind");
  let from = head + 1;
  for (const [index, part] of (["literals", "offset", "match"] as const).entries()) {
    from += readTable(part, (modes >> (6 - 2 * index)) & 3, bytes.subarray(from), memory);
  }
  const used = copySequences(bytes.subarray(from), count, literals, memory, output);
  put(literals.subarray(used), output);
}

function copySequences(
  bytes: Uint8Array,
  count: number,
  literals: Uint8Array,
  { tables, offsets }: Memory,
  output: Output,
): number {
  const [ofLiterals, ofOffset, ofMatch] = [tables.literals, tables.offset, tables.match] as StateTable[] as [
    StateTable,
    StateTable,
    StateTable,
  ];
  const bits = new BackwardBits(bytes);
  let literalState = bits.read(ofLiterals.log);
  let offsetState = bits.read(ofOffset.log);
  let matchState = bits.read(ofMatch.log);
  let used = 0;
  for (let index = 0; index < count; index += 1) {
    const offsetCode = ofOffset.symbols[offsetState] as number;
    const value = 2 ** offsetCode + bits.readLong(offsetCode);
    const match = lengthOf(MATCHES, ofMatch.symbols[matchState] as number, bits);
    const length = lengthOf(LITERALS, ofLiterals.symbols[literalState] as number, bits);
    if (index < count - 1) {
      literalState = follow(ofLiterals, literalState, bits);
      matchState = follow(ofMatch, matchState, bits);
      offsetState = follow(ofOffset, offsetState, bits);
    }
    if (bits.left < 0) throw damaged("its sequences end early");
    if (used + length > literals.length) throw damaged("its literals end early");
    put(literals.subarray(used, used + length), output);
    used += length;
    copyMatch(offsetOf(value, length === 0, offsets), match, output);
  }
  if (bits.left !== 0) throw damaged("its sequences do not end with their bits");
  return used;
}

function lengthOf({ base, bits }: Code, code: number, from: BackwardBits): number {
  return (base[code] as number) + from.read(bits[code] as number);
}

/** Gives how far back a match lies: a number of its own, or one of the latest three. */
function offsetOf(value: number, hasNoLiterals: boolean, offsets: [number, number, number]): number {
  const [first, second, third] = offsets;
  const index = value > 3 ? 3 : value - 1 + (hasNoLiterals ? 1 : 0);
  if (index === 0) return first;
  const offset = value > 3 ? value - 3 : index === 1 ? second : index === 2 ? third : first - 1;
  offsets[2] = index === 1 ? third : second;
  offsets[1] = first;
  offsets[0] = offset;
  return offset;
}

function put(bytes: Uint8Array, output: Output): void {
  if (output.at + bytes.length > output.target.length) throw damaged("it is longer than its size");
  output.target.set(bytes, output.at);
  output.at += bytes.length;
}

/** Copies what lies so far back; a match may reach into itself. */
function copyMatch(offset: number, length: number, output: Output): void {
  const { target, at } = output;
  if (offset < 1 || offset > at) throw damaged("a match begins before the first byte");
  if (at + length > target.length) throw damaged("it is longer than its size");
  if (offset >= length) target.copyWithin(at, at - offset, at - offset + length);
  else for (let index = at; index < at + length; index += 1) target[index] = target[index - offset] as number;
  output.at += length;
}

function sequenceCount(bytes: Uint8Array): { readonly count: number; readonly from: number } {
  const [first, second = 0, third = 0] = bytes;
  if (first === undefined) throw damaged("it ends early");
  if (first < 128) return { count: first, from: 1 };
  if (first < 255) return { count: ((first - 128) << 8) + second, from: 2 };
  return { count: second + (third << 8) + 0x7f00, from: 3 };
}

/** Puts the table of a part where it is looked for, and says how many bytes its description takes. */
function readTable(part: Part, mode: number, bytes: Uint8Array, { tables }: Memory): number {
  const { log, symbol, usual } = PARTS[part];
  if (mode === 0) {
    tables[part] = usual;
    return 0;
  }
  if (mode === 1) {
    const only = bytes[0];
    if (only === undefined || only > symbol) throw damaged("a table has no such symbol");
    tables[part] = onlySymbol(only);
    return 1;
  }
  if (mode === 2) {
    const read = readFrequencies(bytes, { log, symbol });
    tables[part] = stateTable(read);
    return read.bytes;
  }
  if (tables[part] === undefined) throw damaged("it refers to a table that was not sent");
  return 0;
}

/** Makes a code whose numbers follow each other without a gap. */
function codeOf(bits: readonly number[], first: number): Code {
  let next = first;
  const base = bits.map((count) => {
    const own = next;
    next += 2 ** count;
    return own;
  });
  return { base, bits };
}
