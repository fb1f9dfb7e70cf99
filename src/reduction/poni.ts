import { text, UsageError } from "../errors.ts";
import type { Geometry } from "./geometry.ts";

/** Edges of a pixel in metres, by how the names of its detectors begin. */
const KNOWN: readonly (readonly [string, number])[] = [
  ["pilatus", 172e-6],
  ["eiger", 75e-6],
  ["jungfrau", 75e-6],
];

const VERSIONS: readonly number[] = [1, 2, 2.1];

/**
 * Reads the text of a `.poni` file, as pyFAI writes it: versions 1, 2 and 2.1. The newest entry of each key counts, for
 * pyFAI appends. Pixel sizes come from the file, or from the detector's name for Pilatus, Eiger and Jungfrau.
 */
export function parsePoni(contents: string): Geometry {
  const entries = entriesOf(contents);
  const version = entries.has("poni_version") ? numberOf(entries, "poni_version") : 1;
  if (!VERSIONS.includes(version)) {
    throw new UsageError(`poni: poni_version ${version} is not known; there are ${VERSIONS.join(", ")}`);
  }
  const config = configOf(entries.get("detector_config"));
  const size = (key: "pixel1" | "pixel2", old: string): number => {
    if (entries.has(old)) return positive(old, numberOf(entries, old));
    const given = config[key];
    if (given !== undefined && given !== null) return positive(key, Number(given));
    const name = (entries.get("detector") ?? "").toLowerCase();
    const known = KNOWN.find(([beginning]) => name.startsWith(beginning));
    if (known !== undefined) return known[1];
    throw new UsageError(
      `poni: ${key}: missing, and the detector "${name}" is not known; write it into Detector_config`,
    );
  };
  const orientation = Number(config["orientation"] ?? 3) || 3;
  if (![1, 2, 3, 4].includes(orientation)) {
    throw new UsageError(`poni: orientation: expected 1 to 4, got ${String(config["orientation"])}`);
  }
  return {
    distance: positive("Distance", numberOf(entries, "distance")),
    poni1: numberOf(entries, "poni1"),
    poni2: numberOf(entries, "poni2"),
    rot1: numberOf(entries, "rot1", 0),
    rot2: numberOf(entries, "rot2", 0),
    rot3: numberOf(entries, "rot3", 0),
    pixel1: size("pixel1", "pixelsize1"),
    pixel2: size("pixel2", "pixelsize2"),
    ...(entries.has("wavelength") && { wavelength: positive("Wavelength", numberOf(entries, "wavelength")) }),
    orientation: orientation as 1 | 2 | 3 | 4,
  };
}

function entriesOf(contents: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const line of contents.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (line.trimStart().startsWith("#") || colon < 0) continue;
    const value = line.slice(colon + 1).trim();
    if (value !== "None") entries.set(line.slice(0, colon).trim().toLowerCase(), value);
  }
  if (!entries.has("distance")) throw new UsageError("poni: Distance: missing; give the contents of a .poni file");
  return entries;
}

function configOf(json: string | undefined): Readonly<Record<string, unknown>> {
  if (json === undefined) return {};
  let config: unknown;
  try {
    config = JSON.parse(json);
  } catch (error) {
    throw new UsageError(`poni: Detector_config: is no JSON (${text(error)})`, { cause: error });
  }
  if (typeof config === "object" && config !== null) return config as Readonly<Record<string, unknown>>;
  throw new UsageError(`poni: Detector_config: expected an object, got ${json}`);
}

function numberOf(entries: ReadonlyMap<string, string>, key: string, absent?: number): number {
  const value = entries.get(key);
  if (value === undefined && absent !== undefined) return absent;
  const number = value === undefined || value === "" ? Number.NaN : Number(value);
  if (Number.isFinite(number)) return number;
  throw new UsageError(`poni: ${key}: expected a number, got ${value ?? "nothing"}`);
}

function positive(key: string, value: number): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UsageError(`poni: ${key}: expected a number above 0, got ${value}`);
}
