import { readFile } from "node:fs/promises";
import { text, UsageError } from "../errors.ts";
import type { Event } from "../message/event.ts";
import type { Data, Message } from "../message/message.ts";
import { NdArray } from "../message/ndarray.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { type AzimuthalOptions, binningOf, checkAzimuthal, plainGeometry } from "./azimuthal-options.ts";
import { kernels } from "./chosen-kernels.ts";
import { frameOf, sentinelOf } from "./elements.ts";
import { type Geometry, type Point, Positions, polarisation } from "./geometry.ts";
import { Integration } from "./integration.ts";
import { withMapFiles } from "./map-file.ts";
import { pixelsOf } from "./pixel-map.ts";
import { type Axis, type Binning, pixelTable } from "./pixel-table.ts";
import { parsePoni } from "./poni.ts";

const SUBJECT = "AzimuthalIntegration";
/** Frames of so many shapes are told apart before the oldest table is given up. */
const MOST_TABLES = 4;

/** Says in the metadata of each curve, under `integration`, what its axes are. */
export interface IntegrationAxes {
  readonly unit: string;
  /** Where the first bin begins and the last one ends; the centre of bin k is range[0] + (k + 0.5) * width. */
  readonly range: readonly [number, number];
  readonly bins: number;
  readonly azimuthRange?: readonly [number, number];
  readonly azimuthBins?: number;
  readonly errors: "none" | "poisson";
}

/** Is a curve, or a map with `azimuthBins`, and with `errors` a second one of these behind it. */
export type Curve = Event<Data & { readonly integration: IntegrationAxes }, NdArray<"float32">>;

interface Prepared {
  readonly integration: Integration;
  readonly axes: IntegrationAxes;
  readonly shape: readonly number[];
}

/**
 * Integrates each frame around the beam: the mean over rings, or over parts of rings. The shape of the result is [bins],
 * with `azimuthBins` [azimuthBins, bins], and with errors [2, ...]: values, then standard errors. A pixel that is
 * masked, equals the sentinel or is not finite is left out of sums and norms alike; a bin without pixels is NaN.
 */
export class AzimuthalIntegration extends Operator<Message, Start | Curve | Stop> {
  #options: AzimuthalOptions;
  readonly #prepared = new Map<string, Prepared>();
  #geometry: Geometry | undefined;

  constructor(options: AzimuthalOptions) {
    super();
    checkAzimuthal(options);
    this.#options = options;
    if (options.poni === undefined) this.#use(plainGeometry(options));
  }

  override async open(_signal: AbortSignal): Promise<void> {
    this.#options = await withMapFiles(SUBJECT, this.#options, ["mask", "dark", "flat"]);
    const { poni, shape } = this.#options;
    if (poni !== undefined) this.#use(await this.#read(poni));
    if (shape !== undefined) this.#preparedFor(...shape);
  }

  override process(message: Message): Start | Curve | Stop {
    if (message.type !== "event") return message;
    const frame = frameOf(SUBJECT, message);
    const { integration, axes, shape } = this.#preparedFor(frame.rows, frame.columns);
    const curve = new Float32Array(shape.reduce((product, length) => product * length, 1));
    integration.integrate(frame.data, sentinelOf(frame.dtype, this.#options.sentinel ?? "max"), curve);
    return message.with({
      metadata: { ...message.metadata, integration: axes },
      payload: new NdArray<"float32">(curve, shape),
    });
  }

  async #read(poni: string): Promise<Geometry> {
    let contents: string;
    try {
      contents = await readFile(poni, "utf8");
    } catch (error) {
      throw new UsageError(`${SUBJECT}: ${poni}: cannot be read (${text(error)}); give the path of a .poni file`, {
        cause: error,
      });
    }
    return parsePoni(contents);
  }

  #use(geometry: Geometry): void {
    binningOf(this.#options, geometry);
    this.#geometry = geometry;
    this.#prepared.clear();
  }

  #preparedFor(rows: number, columns: number): Prepared {
    const key = `${rows}x${columns}`;
    let prepared = this.#prepared.get(key);
    if (prepared !== undefined) return prepared;
    prepared = this.#prepare(rows, columns);
    if (this.#prepared.size >= MOST_TABLES) this.#prepared.delete(this.#prepared.keys().next().value as string);
    this.#prepared.set(key, prepared);
    return prepared;
  }

  #prepare(rows: number, columns: number): Prepared {
    const geometry = this.#geometry;
    if (geometry === undefined) {
      throw new UsageError(`${SUBJECT}: the .poni file was not read; a block does it, or call open before process`);
    }
    const options = this.#options;
    const binning = binningOf(options, geometry);
    const pixels = rows * columns;
    const map = (key: "mask" | "dark" | "flat"): Float32Array | undefined =>
      options[key] === undefined ? undefined : pixelsOf(`${SUBJECT}: ${key}`, options[key], rows, columns);
    const dark = map("dark");
    const norm = map("flat") ?? new Float32Array(pixels).fill(1);
    const masked = new Uint8Array(pixels);
    for (const [pixel, value] of (map("mask") ?? []).entries()) if (value !== 0) masked[pixel] = 1;
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const isGood = Number.isFinite(dark?.[pixel] ?? 0) && Number.isFinite(norm[pixel]) && (norm[pixel] as number) > 0;
      if (!isGood) masked[pixel] = 1;
    }
    weaken(norm, geometry, rows, columns, this.#hasSolidAngle, options.polarisation);
    const table = pixelTable(geometry, rows, columns, binning, masked);
    const errors = options.errors === "poisson";
    return {
      integration: new Integration(kernels(), table, { dark, norm }, errors),
      axes: axesOf(binning, table.radial, errors),
      shape: [...(errors ? [2] : []), ...(binning.azimuth === undefined ? [] : [binning.azimuth.bins]), binning.bins],
    };
  }

  get #hasSolidAngle(): boolean {
    const { solidAngle, centre, distance } = this.#options;
    return solidAngle ?? (centre === undefined || distance !== undefined);
  }
}

/** Multiplies what a pixel counts of an even light by its solid angle and the polarisation. */
function weaken(
  norm: Float32Array,
  geometry: Geometry,
  rows: number,
  columns: number,
  hasSolidAngle: boolean,
  factor: number | undefined,
): void {
  if (!hasSolidAngle && factor === undefined) return;
  const positions = new Positions(geometry, rows, columns);
  const point: Point = { up: 0, side: 0, along: 0 };
  for (let row = 0, pixel = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1, pixel += 1) {
      positions.find(row + 0.5, column + 0.5, point);
      let value = norm[pixel] as number;
      if (hasSolidAngle) value *= positions.solidAngle(point);
      if (factor !== undefined) value *= polarisation(factor, point);
      norm[pixel] = value;
    }
  }
}

function axesOf(binning: Binning, { least, most, bins }: Axis, errors: boolean): IntegrationAxes {
  const { unit, azimuth } = binning;
  return {
    unit,
    range: [least, most],
    bins,
    ...(azimuth !== undefined && { azimuthRange: azimuth.range, azimuthBins: azimuth.bins }),
    errors: errors ? "poisson" : "none",
  };
}
