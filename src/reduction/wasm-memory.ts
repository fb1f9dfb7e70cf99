/** What kernels.as.ts exports. */
export interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  correct(
    type: number,
    from: number,
    count: number,
    dark: number,
    factor: number,
    to: number,
    hasSentinel: number,
    sentinel: bigint,
  ): void;
  gather(from: number, starts: number, pixels: number, weights: number, bins: number, sums: number): void;
  gatherWithErrors(from: number, starts: number, pixels: number, weights: number, bins: number, pairs: number): void;
  addMoments(
    values: number,
    count: number,
    counts: number,
    means: number,
    squares: number,
    least: number,
    most: number,
    decay: number,
  ): void;
  clearBytes: Clear;
  clearFloats(count: number, hasSentinel: number, sentinel: number, list: number, first: number): number;
  clearShorts: Clear;
  clearWords: Clear;
  fold(count: number, sums: number): void;
  select(
    type: number,
    from: number,
    count: number,
    least: bigint,
    hasSentinel: number,
    sentinel: bigint,
    mask: number,
    first: number,
    list: number,
  ): number;
  sumByte: SumSmall;
  sumByteRuns: SumRuns;
  sumShort: SumSmall;
  sumShortRuns: SumRuns;
  sumValues(from: number, count: number, bins: number, sums: number): void;
  sumValuesWithErrors(from: number, count: number, bins: number, pairs: number): void;
  sumWordRuns: SumRuns;
  values(
    type: number,
    from: number,
    count: number,
    to: number,
    wide: number,
    hasSentinel: number,
    sentinel: bigint,
    fill: number,
    list: number,
    first: number,
  ): number;
}

type Clear = (count: number, sentinel: number, list: number, first: number) => number;

type SumRuns = (runs: number, count: number, entries: number, sums: number, kind: number) => void;

type SumSmall = (
  from: number,
  count: number,
  bins: number,
  signed: number,
  sentinel: number,
  list: number,
  first: number,
) => number;

const PAGE = 65_536;
/** The data of the module itself ends before. */
const FIRST = 4096;
/** Places of vectors begin at multiples of this. */
const ALIGNED = 64;

/** Hands out places in the memory of one instance, which lives as long as what works in it. */
export class WasmMemory {
  readonly exports: Exports;
  #end = FIRST;

  constructor(exports: Exports) {
    this.exports = exports;
  }

  get buffer(): ArrayBuffer {
    return this.exports.memory.buffer;
  }

  /** Takes room for so many bytes, which are 0; throws a RangeError where the machine has no more. */
  take(bytes: number): number {
    const place = this.#end;
    const end = place + Math.ceil(bytes / ALIGNED) * ALIGNED + ALIGNED;
    const missing = end - this.buffer.byteLength;
    if (missing > 0) this.exports.memory.grow(Math.ceil(missing / PAGE));
    this.#end = end;
    return place;
  }

  /** Takes room for an array and puts it there. */
  put(array: ArrayBufferView): number {
    const place = this.take(array.byteLength);
    this.copy(array, place);
    return place;
  }

  copy(array: ArrayBufferView, place: number): void {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    new Uint8Array(this.buffer, place, bytes.length).set(bytes);
  }
}
