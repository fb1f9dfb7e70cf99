/**
 * Says where a flat detector stands, as pyFAI does: the point of normal incidence, which is the foot of the
 * perpendicular from the sample, and three rotations. Lengths in metres, angles in radians; 1 is the slow axis (rows).
 */
export interface Geometry {
  readonly distance: number;
  readonly poni1: number;
  readonly poni2: number;
  readonly rot1: number;
  readonly rot2: number;
  readonly rot3: number;
  readonly pixel1: number;
  readonly pixel2: number;
  readonly wavelength?: number;
  /** Which corner of the frame comes first, as pyFAI counts: 3, the default, is as the frame is stored. */
  readonly orientation?: 1 | 2 | 3 | 4;
}

/** Is a point of the detector, seen from the sample: up, sideways, along the beam, in metres. */
export interface Point {
  up: number;
  side: number;
  along: number;
}

/** Says how a coordinate of a point follows from its row and column. */
interface Plane {
  readonly origin: number;
  readonly perRow: number;
  readonly perColumn: number;
}

/** Finds points of a detector. */
export class Positions {
  readonly #distance: number;
  readonly #up: Plane;
  readonly #side: Plane;
  readonly #along: Plane;

  constructor(geometry: Geometry, rows: number, columns: number) {
    const { rot1, rot2, rot3, orientation = 3 } = geometry;
    this.#distance = geometry.distance;
    const [c1, c2, c3] = [Math.cos(rot1), Math.cos(rot2), Math.cos(rot3)];
    const [s1, s2, s3] = [Math.sin(rot1), Math.sin(rot2), Math.sin(rot3)];
    const first = lengths(orientation === 1 || orientation === 2, rows, geometry.pixel1, geometry.poni1);
    const second = lengths(orientation === 1 || orientation === 4, columns, geometry.pixel2, geometry.poni2);
    // The product of the three rotations: first about the vertical axis, then the horizontal one, then the beam.
    const plane = (one: number, other: number, third: number): Plane => ({
      origin: first.origin * one + second.origin * other + geometry.distance * third,
      perRow: first.step * one,
      perColumn: second.step * other,
    });
    this.#up = plane(c2 * c3, c3 * s1 * s2 - c1 * s3, -(c1 * c3 * s2 + s1 * s3));
    this.#side = plane(c2 * s3, c1 * c3 + s1 * s2 * s3, -(-c3 * s1 + c1 * s2 * s3));
    this.#along = plane(s2, -c2 * s1, c1 * c2);
  }

  /** Finds a point given in pixels; the first pixel reaches from 0 to 1. */
  find(row: number, column: number, point: Point): void {
    const [up, side, along] = [this.#up, this.#side, this.#along];
    point.up = up.origin + row * up.perRow + column * up.perColumn;
    point.side = side.origin + row * side.perRow + column * side.perColumn;
    point.along = along.origin + row * along.perRow + column * along.perColumn;
  }

  /** Gives the solid angle of a pixel at a point, where that of one at normal incidence is 1. */
  solidAngle({ up, side, along }: Point): number {
    return (this.#distance / Math.sqrt(up * up + side * side + along * along)) ** 3;
  }
}

/** Says how far from the foot of the perpendicular the first pixel begins, and how far it is from one to the next. */
function lengths(isBackward: boolean, pixels: number, size: number, poni: number): { origin: number; step: number } {
  return isBackward ? { origin: pixels * size - poni, step: -size } : { origin: -poni, step: size };
}

/** Names what the radial axis counts. */
export type Unit = "pixel" | "r_mm" | "2th_deg" | "2th_rad" | "q_nm^-1" | "q_A^-1";

/** All units, for checks. */
export const UNITS: readonly Unit[] = ["pixel", "r_mm", "2th_deg", "2th_rad", "q_nm^-1", "q_A^-1"];

/** Gives the function that tells where on the radial axis a point is. */
export function radius(unit: Unit, { wavelength = Number.NaN, pixel2 }: Geometry): (point: Point) => number {
  const away = ({ up, side }: Point): number => Math.sqrt(up * up + side * side);
  const angle = (point: Point): number => Math.atan2(away(point), point.along);
  switch (unit) {
    case "pixel":
      return (point) => away(point) / pixel2;
    case "r_mm":
      return (point) => away(point) * 1e3;
    case "2th_rad":
      return angle;
    case "2th_deg":
      return (point) => (angle(point) * 180) / Math.PI;
    case "q_nm^-1":
      return (point) => (4e-9 * Math.PI * Math.sin(angle(point) / 2)) / wavelength;
    case "q_A^-1":
      return (point) => (4e-10 * Math.PI * Math.sin(angle(point) / 2)) / wavelength;
  }
}

/** Gives the angle of a point around the beam, in radians from -pi to pi. */
export function azimuth({ up, side }: Point): number {
  return Math.atan2(up, side);
}

/**
 * Gives by how much polarisation weakens what is scattered to a point. A factor of 1 is a beam polarised sideways, -1
 * upwards, 0 not at all.
 */
export function polarisation(factor: number, { up, side, along }: Point): number {
  const across = up * up + side * side;
  const cos2 = (along * along) / (across + along * along);
  const cosTwice = across === 0 ? 1 : (side * side - up * up) / across;
  return 0.5 * (1 + cos2 - factor * cosTwice * (1 - cos2));
}
