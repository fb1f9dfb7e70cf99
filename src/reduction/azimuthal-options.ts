import { UsageError } from "../errors.ts";
import { checkSentinel, type Sentinel } from "./elements.ts";
import { type Geometry, UNITS, type Unit } from "./geometry.ts";
import { checkOptions } from "./option-check.ts";
import type { PixelMap } from "./pixel-map.ts";
import type { Binning } from "./pixel-table.ts";

/** Says how frames are integrated around a beam. One plain object: it can stand in YAML and go to threads. */
export interface AzimuthalOptions {
  /** Where the beam meets the detector, in pixels from the first corner of the frame: row, column. */
  readonly centre?: readonly [number, number];
  /** From the sample to the detector in metres, with `centre`; needed for angles, q, solid angle, polarisation. */
  readonly distance?: number;
  /** Edge of a pixel in metres, or its height and width; with `centre` and `distance`. */
  readonly pixelSize?: number | readonly [number, number];
  /** In metres; needed for q. A `.poni` file has its own. */
  readonly wavelength?: number;
  /** Path of a pyFAI `.poni` file (versions 1, 2, 2.1), in place of `centre`. */
  readonly poni?: string;
  /** The geometry itself, in place of a `.poni` file. */
  readonly geometry?: Geometry;
  /** Rows and columns of the frames: the table of their pixels is then made when the operator opens, not at the first. */
  readonly shape?: readonly [number, number];
  /** How many bins; the curve has one number for each. */
  readonly bins: number;
  /** Width of a bin in pixels, the first beginning at the centre; only with the unit `pixel`. */
  readonly binPixels?: number;
  /** What the axis counts; `pixel` with `centre`, `q_nm^-1` with a geometry that has a wavelength, else `2th_deg`. */
  readonly unit?: Unit;
  /** From where to where the axis goes; by default what the first frame covers. */
  readonly range?: readonly [number, number];
  /** Makes a second axis around the beam; the result has a row for each of its bins. */
  readonly azimuthBins?: number;
  /** From where to where it goes, in degrees; by default -180 to 180. */
  readonly azimuthRange?: readonly [number, number];
  /** `no`: a pixel belongs to the bin of its centre; `bbox`: it is spread over all that its corners span. Default `no`. */
  readonly split?: "no" | "bbox";
  /** Divides by the solid angle of each pixel; by default wherever a distance is known. */
  readonly solidAngle?: boolean;
  /** Divides by the polarisation: 1 is a beam polarised along the rows, -1 along the columns, 0 not at all. */
  readonly polarisation?: number;
  /** Pixels to leave out are not 0. */
  readonly mask?: PixelMap;
  /** Which value of an integer marks a pixel as not valid: the type's largest (`max`, default), a number, `none`. */
  readonly sentinel?: Sentinel;
  /** Subtracted from each frame. A pixel whose dark is not finite is masked. */
  readonly dark?: PixelMap;
  /** What each pixel counts of an even light. A pixel whose flat is not a number above 0 is masked. */
  readonly flat?: PixelMap;
  /** `poisson`: behind the curve come its standard errors. Default `none`. */
  readonly errors?: "none" | "poisson";
}

const NAMES: readonly (keyof AzimuthalOptions)[] = [
  ...([
    "centre",
    "distance",
    "pixelSize",
    "wavelength",
    "poni",
    "geometry",
    "shape",
    "bins",
    "binPixels",
    "unit",
  ] as const),
  ...(["range", "azimuthBins", "azimuthRange", "split", "solidAngle", "polarisation"] as const),
  ...(["mask", "sentinel", "dark", "flat", "errors"] as const),
];

/** The most bins that a result may have. */
export const MOST_BINS = 16_777_216;

/** Checks options, and gives how they lay bins over a geometry. */
export function binningOf(options: AzimuthalOptions, geometry: Geometry): Binning {
  const isFlat = options.poni === undefined && options.geometry === undefined && options.distance === undefined;
  const natural: Unit = geometry.wavelength === undefined ? "2th_deg" : "q_nm^-1";
  const unit = options.unit ?? (isFlat || options.binPixels !== undefined ? "pixel" : natural);
  if (unit.startsWith("q_") && geometry.wavelength === undefined) {
    throw wrong("wavelength", `a number, for the unit is ${unit}`, undefined);
  }
  if (isFlat && unit !== "pixel") throw wrong("distance", `a number, for the unit is ${unit}`, undefined);
  if (options.binPixels !== undefined && unit !== "pixel") throw wrong("binPixels", "the unit pixel", unit);
  const range = options.binPixels === undefined ? options.range : ([0, options.bins * options.binPixels] as const);
  return {
    unit,
    bins: options.bins,
    range,
    split: options.split ?? "no",
    ...(options.azimuthBins !== undefined && {
      azimuth: { bins: options.azimuthBins, range: options.azimuthRange ?? [-180, 180] },
    }),
  };
}

/** Gives the geometry of options that name no file. */
export function plainGeometry(options: AzimuthalOptions): Geometry {
  if (options.geometry !== undefined) return options.geometry;
  const [row, column] = options.centre as readonly [number, number];
  // Without a distance only radii in pixels are asked for: any distance gives the same ones.
  const { distance = 1, pixelSize = 1, wavelength } = options;
  const [pixel1, pixel2] = typeof pixelSize === "number" ? [pixelSize, pixelSize] : pixelSize;
  return {
    distance,
    pixel1,
    pixel2,
    poni1: row * pixel1,
    poni2: column * pixel2,
    rot1: 0,
    rot2: 0,
    rot3: 0,
    ...(wavelength !== undefined && { wavelength }),
  };
}

/** Refuses options that mean nothing; what needs the geometry is checked by `binningOf`. */
export function checkAzimuthal(options: AzimuthalOptions): void {
  checkOptions("AzimuthalIntegration", options, NAMES);
  const { centre, poni, geometry, bins, azimuthBins, unit, split, errors, polarisation } = options;
  if ([centre, poni, geometry].filter((one) => one !== undefined).length !== 1) {
    throw new UsageError("AzimuthalIntegration: expected one of centre, poni and geometry, got none or several");
  }
  if (centre !== undefined && !isPair(centre)) throw wrong("centre", "[row, column]", centre);
  if (poni !== undefined && typeof poni !== "string") throw wrong("poni", "the path of a file", poni);
  if (geometry !== undefined) checkGeometry(geometry);
  if (
    options.shape !== undefined &&
    !(isPair(options.shape) && options.shape.every((one) => Number.isSafeInteger(one) && one > 0))
  ) {
    throw wrong("shape", "[rows, columns]", options.shape);
  }
  checkCount("bins", bins);
  if (azimuthBins !== undefined) checkCount("azimuthBins", azimuthBins);
  if (bins * (azimuthBins ?? 1) > MOST_BINS) throw wrong("bins", `at most ${MOST_BINS} in all`, bins);
  for (const key of ["binPixels", "distance", "wavelength"] as const) checkPositive(key, options[key]);
  for (const one of [options.pixelSize ?? 1].flat()) checkPositive("pixelSize", one as number);
  if (options.distance !== undefined && options.pixelSize === undefined) {
    throw wrong("pixelSize", "metres, for there is a distance", undefined);
  }
  for (const key of ["range", "azimuthRange"] as const) checkRange(key, options[key]);
  const [from, to] = options.azimuthRange ?? [0, 0];
  if (to - from > 360) throw wrong("azimuthRange", "at most 360 degrees", `${to - from}`);
  if (options.binPixels !== undefined && options.range !== undefined)
    throw wrong("range", "none beside binPixels", "one");
  if (unit !== undefined && !UNITS.includes(unit)) throw wrong("unit", UNITS.join(", "), unit);
  if (split !== undefined && split !== "no" && split !== "bbox") throw wrong("split", "no or bbox", split);
  if (errors !== undefined && errors !== "none" && errors !== "poisson")
    throw wrong("errors", "none or poisson", errors);
  if (polarisation !== undefined && !(Math.abs(polarisation) <= 1))
    throw wrong("polarisation", "-1 to 1", polarisation);
  const isFlat = centre !== undefined && options.distance === undefined;
  if (isFlat && (options.solidAngle === true || polarisation !== undefined)) {
    throw wrong("distance", "metres, for solid angle and polarisation need it", undefined);
  }
  checkSentinel("AzimuthalIntegration", options.sentinel ?? "max");
}

function checkGeometry(geometry: Geometry): void {
  for (const key of ["distance", "pixel1", "pixel2", "wavelength"] as const) checkPositive(key, geometry[key], true);
  for (const key of ["poni1", "poni2", "rot1", "rot2", "rot3"] as const) {
    if (!Number.isFinite(geometry[key])) throw wrong(`geometry.${key}`, "a number", geometry[key]);
  }
}

function checkCount(key: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw wrong(key, "a whole number from 1 up", value);
}

function checkPositive(key: string, value: unknown, isOfGeometry = false): void {
  if (value === undefined && (!isOfGeometry || key === "wavelength")) return;
  if (typeof value !== "number" || !(value > 0 && Number.isFinite(value))) throw wrong(key, "a number above 0", value);
}

function checkRange(key: string, value: unknown): void {
  if (value === undefined) return;
  if (!isPair(value) || !(value[1] > value[0])) throw wrong(key, "[from, to], to above from", value);
}

function isPair(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
}

function wrong(key: string, expected: string, got: unknown): UsageError {
  return new UsageError(`AzimuthalIntegration: ${key}: expected ${expected}, got ${String(got ?? "none")}`);
}
