import type { Geometry, Unit } from "./geometry.ts";
import type { Parts } from "./kernels.ts";
import { type Places, placesOf } from "./pixel-places.ts";

/** Says how bins lie on an axis. */
export interface Axis {
  readonly bins: number;
  readonly least: number;
  readonly most: number;
}

/** Says which bins there are. */
export interface Binning {
  readonly unit: Unit;
  readonly bins: number;
  /** From, to; without it what the frame covers. */
  readonly range?: readonly [number, number] | undefined;
  /** A second axis around the beam, in degrees. */
  readonly azimuth?: { readonly bins: number; readonly range: readonly [number, number] } | undefined;
  readonly split: "no" | "bbox";
}

/** Says for each pixel to which bins it belongs, and with which part. */
export interface PixelTable {
  readonly pixels: number;
  readonly bins: number;
  readonly radial: Axis;
  /** The entries of pixel p are those from starts[p] to starts[p + 1]; each pixel has one where there are no starts. */
  readonly starts: Uint32Array | undefined;
  /** Without starts `bins` stands for a pixel that belongs nowhere. */
  readonly bin: Uint32Array;
  readonly weight: Float32Array | undefined;
}

/** Works out to which bins each pixel belongs; `masked` says which are left out. */
export function pixelTable(
  geometry: Geometry,
  rows: number,
  columns: number,
  binning: Binning,
  masked: Uint8Array,
): PixelTable {
  const { unit, split, azimuth } = binning;
  const places = placesOf(geometry, rows, columns, { unit, isSplit: split === "bbox", isTwo: azimuth !== undefined });
  const radial = radialAxis(places, binning, masked);
  const around = binning.azimuth;
  const second: Axis | undefined = around && { bins: around.bins, least: around.range[0], most: around.range[1] };
  const bins = binning.bins * (second?.bins ?? 1);
  const shape = { pixels: rows * columns, bins, radial };
  if (binning.split === "no") return { ...shape, ...wholePixels(places, radial, second, masked, bins) };
  return { ...shape, ...splitPixels(places, radial, second, masked) };
}

function radialAxis({ centre, reach }: Places, { bins, range }: Binning, masked: Uint8Array): Axis {
  if (range !== undefined) return { bins, least: range[0], most: range[1] };
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let pixel = 0; pixel < centre.length; pixel += 1) {
    if (masked[pixel] !== 0) continue;
    const at = centre[pixel] as number;
    const half = reach?.[pixel] ?? 0;
    if (at - half < least) least = at - half;
    if (at + half > most) most = at + half;
  }
  if (!(most > least)) return { bins, least: 0, most: 1 };
  // The outermost pixel belongs to the last bin, not behind it.
  return { bins, least: Math.max(0, least), most: most * (1 + 2 ** -23) };
}

type Entries = Pick<PixelTable, "starts" | "bin" | "weight">;

function wholePixels(
  { centre, angle }: Places,
  radial: Axis,
  second: Axis | undefined,
  masked: Uint8Array,
  nowhere: number,
): Entries {
  const bin = new Uint32Array(centre.length);
  for (let pixel = 0; pixel < centre.length; pixel += 1) {
    const along = masked[pixel] === 0 ? binOf(centre[pixel] as number, radial) : -1;
    const around = second === undefined || angle === undefined ? 0 : binOfAngle(angle[pixel] as number, second);
    bin[pixel] = along < 0 || around < 0 ? nowhere : around * radial.bins + along;
  }
  return { starts: undefined, bin, weight: undefined };
}

function binOf(value: number, { bins, least, most }: Axis): number {
  const bin = Math.floor(((value - least) * bins) / (most - least));
  return bin >= 0 && bin < bins ? bin : -1;
}

/** A range may lie anywhere on the circle: from 170 to 190, too. */
function binOfAngle(degrees: number, axis: Axis): number {
  return binOf(degrees + 360 * Math.ceil((axis.least - degrees) / 360), axis);
}

function splitPixels(places: Places, radial: Axis, second: Axis | undefined, masked: Uint8Array): Entries {
  const { centre, reach, angle, angleReach } = places;
  const starts = new Uint32Array(centre.length + 1);
  let bin = new Uint32Array(centre.length * 3);
  let weight = new Float32Array(centre.length * 3);
  let count = 0;
  const along = new Spread();
  const around = new Spread();
  for (let pixel = 0; pixel < centre.length; pixel += 1) {
    starts[pixel] = count;
    if (masked[pixel] !== 0) continue;
    along.set(centre[pixel] as number, reach?.[pixel] as number, radial);
    if (second === undefined) around.setWhole();
    else around.setAngle(angle?.[pixel] as number, angleReach?.[pixel] as number, second);
    if (along.count === 0 || around.count === 0) continue;
    const needed = count + along.count * around.count;
    if (needed > bin.length) {
      const size = Math.max(needed, Math.ceil(bin.length * 1.5));
      bin = grown(bin, new Uint32Array(size));
      weight = grown(weight, new Float32Array(size));
    }
    for (let j = 0; j < around.count; j += 1) {
      for (let i = 0; i < along.count; i += 1, count += 1) {
        bin[count] = (around.bin[j] as number) * radial.bins + (along.bin[i] as number);
        weight[count] = (around.weight[j] as number) * (along.weight[i] as number);
      }
    }
  }
  starts[centre.length] = count;
  return { starts, bin: bin.slice(0, count), weight: weight.slice(0, count) };
}

function grown<T extends Uint32Array | Float32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Spreads the width of a pixel evenly over the bins that it touches. */
class Spread {
  readonly bin: number[] = [];
  readonly weight: number[] = [];
  count = 0;

  setWhole(): void {
    this.count = 0;
    this.#add(0, 1);
  }

  set(centre: number, reach: number, axis: Axis): void {
    this.count = 0;
    this.#spread(centre, reach, axis);
  }

  /** Around a circle, what leaves the range at one end may come in again at the other. */
  setAngle(degrees: number, reach: number, axis: Axis): void {
    this.count = 0;
    const first = degrees + 360 * Math.ceil((axis.least - degrees - reach) / 360);
    for (let at = first; at - reach < axis.most; at += 360) this.#spread(at, reach, axis);
  }

  #spread(centre: number, reach: number, { bins, least, most }: Axis): void {
    const scale = bins / (most - least);
    const low = (centre - reach - least) * scale;
    const high = (centre + reach - least) * scale;
    const width = high - low;
    const first = Math.floor(low);
    const last = Math.floor(high);
    if (first === last || !(width > 0)) {
      if (first >= 0 && first < bins) this.#add(first, 1);
      return;
    }
    const end = Math.min(last, bins - 1);
    for (let bin = Math.max(0, first); bin <= end; bin += 1) {
      const part = ((bin < last ? bin + 1 : high) - (bin > first ? bin : low)) / width;
      if (part > 0) this.#add(bin, part);
    }
  }

  #add(bin: number, weight: number): void {
    this.bin[this.count] = bin;
    this.weight[this.count] = weight;
    this.count += 1;
  }
}

/** Sorts the entries of a table by bin, as kernels take them; those of a bin stay in the order of their pixels. */
export function partsOf({ pixels, bins, starts, bin, weight }: PixelTable): Parts {
  const places = new Uint32Array(bins + 1);
  for (let entry = 0; entry < bin.length; entry += 1) {
    const one = (bin[entry] as number) + 1;
    places[one] = (places[one] as number) + 1;
  }
  for (let one = 0; one < bins; one += 1) places[one + 1] = (places[one + 1] as number) + (places[one] as number);
  const next = places.slice();
  const sorted = { pixel: new Uint32Array(bin.length), weight: new Float32Array(bin.length) };
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const end = starts?.[pixel + 1] ?? pixel + 1;
    for (let entry = starts?.[pixel] ?? pixel; entry < end; entry += 1) {
      const one = bin[entry] as number;
      const place = next[one] as number;
      next[one] = place + 1;
      sorted.pixel[place] = pixel;
      sorted.weight[place] = weight?.[entry] ?? 1;
    }
  }
  return { pixels, bins, starts: places, ...sorted };
}
