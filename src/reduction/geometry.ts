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

/** Finds points of a detector. */
export class Positions {
  readonly #geometry: Geometry;
  readonly #rows: number;
  readonly #columns: number;
  /** The product of the three rotations: first about the vertical axis, then the horizontal one, then the beam. */
  readonly #turn: readonly number[];

  constructor(geometry: Geometry, rows: number, columns: number) {
    this.#geometry = geometry;
    this.#rows = rows;
    this.#columns = columns;
    const { rot1, rot2, rot3 } = geometry;
    const [c1, c2, c3] = [Math.cos(rot1), Math.cos(rot2), Math.cos(rot3)];
    const [s1, s2, s3] = [Math.sin(rot1), Math.sin(rot2), Math.sin(rot3)];
    this.#turn = [
      c2 * c3,
      c3 * s1 * s2 - c1 * s3,
      -(c1 * c3 * s2 + s1 * s3),
      c2 * s3,
      c1 * c3 + s1 * s2 * s3,
      -(-c3 * s1 + c1 * s2 * s3),
      s2,
      -c2 * s1,
      c1 * c2,
    ];
  }

  /** Finds a point given in pixels; the first pixel reaches from 0 to 1. */
  find(row: number, column: number, point: Point): void {
    const { distance, orientation = 3 } = this.#geometry;
    const [m11, m12, m13, m21, m22, m23, m31, m32, m33] = this.#turn as readonly number[] & { readonly length: 9 };
    const first = this.#first(orientation === 1 || orientation === 2 ? this.#rows - row : row);
    const second = this.#second(orientation === 1 || orientation === 4 ? this.#columns - column : column);
    point.up = first * (m11 as number) + second * (m12 as number) + distance * (m13 as number);
    point.side = first * (m21 as number) + second * (m22 as number) + distance * (m23 as number);
    point.along = first * (m31 as number) + second * (m32 as number) + distance * (m33 as number);
  }

  /** Gives the solid angle of a pixel at a point, where that of one at normal incidence is 1. */
  solidAngle({ up, side, along }: Point): number {
    return (this.#geometry.distance / Math.sqrt(up * up + side * side + along * along)) ** 3;
  }

  #first(row: number): number {
    return row * this.#geometry.pixel1 - this.#geometry.poni1;
  }

  #second(column: number): number {
    return column * this.#geometry.pixel2 - this.#geometry.poni2;
  }
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
