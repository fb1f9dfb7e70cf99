import { type BackwardBits, damaged, ForwardBits, highestBit } from "./zstd-bits.ts";

/** Is a table of states: what each stands for, and to which it leads with the bits that are read next. */
export interface StateTable {
  /** The number of bits of a state. */
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

/** Says how often symbols are, of `2 ** log` in all; -1 stands for less than once. */
export interface Frequencies {
  readonly log: number;
  readonly of: readonly number[];
}

/** Reads the description of a table, and says how many bytes it takes. */
export function readFrequencies(
  bytes: Uint8Array,
  most: { readonly log: number; readonly symbol: number },
): Frequencies & { readonly bytes: number } {
  const reader = new ForwardBits(bytes);
  const log = reader.read(4) + 5;
  if (log > most.log) throw damaged("a table is too large");
  const of: number[] = [];
  for (let left = 1 << log; left > 0; ) {
    const frequency = readFrequency(reader, left);
    left -= Math.abs(frequency);
    of.push(frequency);
    for (let more = frequency === 0 ? 3 : 0; more === 3; ) {
      more = reader.read(2);
      for (let index = 0; index < more; index += 1) of.push(0);
    }
    if (left < 0 || of.length > most.symbol + 1) throw damaged("the frequencies of a table do not add up");
  }
  return { log, of, bytes: reader.bytes };
}

/** Reads a number from -1 to what is left, in as few bits as can tell these apart. */
function readFrequency(reader: ForwardBits, left: number): number {
  const bits = highestBit(left + 1) + 1;
  const value = reader.read(bits);
  const short = value & ((1 << (bits - 1)) - 1);
  const spare = (1 << bits) - 1 - (left + 1);
  if (short < spare) {
    reader.back();
    return short - 1;
  }
  return (value >= 1 << (bits - 1) ? value - spare : value) - 1;
}

/** Makes the table of frequencies: the states of a symbol lie scattered, rare ones at the end. */
export function stateTable({ log, of }: Frequencies): StateTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const next = of.map((frequency) => Math.abs(frequency));
  let end = size;
  for (const [symbol, frequency] of of.entries()) {
    if (frequency < 0) symbols[--end] = symbol;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (const [symbol, frequency] of of.entries()) {
    for (let times = 0; times < frequency; times += 1) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= end);
    }
  }
  const [bits, bases] = [new Uint8Array(size), new Uint16Array(size)];
  for (let state = 0; state < size; state += 1) {
    const symbol = symbols[state] as number;
    const count = next[symbol] as number;
    next[symbol] = count + 1;
    const width = log - highestBit(count);
    bits[state] = width;
    bases[state] = (count << width) - size;
  }
  return { log, symbols, bits, bases };
}

/** Makes the table of one symbol, which takes no bits. */
export function onlySymbol(symbol: number): StateTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: Uint8Array.of(0), bases: Uint16Array.of(0) };
}

/** Gives the state that follows. */
export function follow({ bits, bases }: StateTable, state: number, from: BackwardBits): number {
  return (bases[state] as number) + from.read(bits[state] as number);
}
