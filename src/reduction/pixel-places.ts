import { azimuth, type Geometry, type Point, Positions, radius, type Unit } from "./geometry.ts";

const DEGREES: number = 180 / Math.PI;

/** Says where the pixels of a frame are: on the radial axis, and around the beam in degrees. */
export interface Places {
  readonly centre: Float64Array;
  /** How far the corners are from the centre. */
  readonly reach: Float64Array | undefined;
  readonly angle: Float64Array | undefined;
  readonly angleReach: Float64Array | undefined;
}

/** Says what is asked for. */
export interface Asked {
  readonly unit: Unit;
  /** Whether corners are asked for too. */
  readonly isSplit: boolean;
  /** Whether angles are. */
  readonly isTwo: boolean;
}

/** Finds the pixels of a frame. */
export function placesOf(geometry: Geometry, rows: number, columns: number, { unit, isSplit, isTwo }: Asked): Places {
  const pixels = rows * columns;
  const positions = new Positions(geometry, rows, columns);
  const distance = radius(unit, geometry);
  const point: Point = { up: 0, side: 0, along: 0 };
  const places = {
    centre: new Float64Array(pixels),
    reach: isSplit ? new Float64Array(pixels) : undefined,
    angle: isTwo ? new Float64Array(pixels) : undefined,
    angleReach: isTwo && isSplit ? new Float64Array(pixels) : undefined,
  };
  let above = new CornerRow(columns, isTwo);
  let below = new CornerRow(columns, isTwo);
  if (isSplit) above.find(0, positions, distance);
  for (let row = 0, pixel = 0; row < rows; row += 1) {
    if (isSplit) below.find(row + 1, positions, distance);
    for (let column = 0; column < columns; column += 1, pixel += 1) {
      positions.find(row + 0.5, column + 0.5, point);
      const centre = distance(point);
      const angle = isTwo ? azimuth(point) * DEGREES : 0;
      places.centre[pixel] = centre;
      if (places.angle !== undefined) places.angle[pixel] = angle;
      if (places.reach === undefined) continue;
      places.reach[pixel] = Math.max(above.reach(column, centre), below.reach(column, centre));
      if (places.angleReach === undefined) continue;
      places.angleReach[pixel] = Math.max(above.angleReach(column, angle), below.angleReach(column, angle));
    }
    [above, below] = [below, above];
  }
  return places;
}

/** Holds where the corners above or below a row of pixels are: each belongs to four of them. */
class CornerRow {
  readonly #distances: Float64Array;
  readonly #angles: Float64Array | undefined;

  constructor(columns: number, hasAngles: boolean) {
    this.#distances = new Float64Array(columns + 1);
    this.#angles = hasAngles ? new Float64Array(columns + 1) : undefined;
  }

  find(row: number, positions: Positions, distance: (point: Point) => number): void {
    const point: Point = { up: 0, side: 0, along: 0 };
    for (let column = 0; column < this.#distances.length; column += 1) {
      positions.find(row, column, point);
      this.#distances[column] = distance(point);
      if (this.#angles !== undefined) this.#angles[column] = azimuth(point) * DEGREES;
    }
  }

  /** Gives how far the two corners of a pixel are from its centre. */
  reach(column: number, centre: number): number {
    const left = Math.abs((this.#distances[column] as number) - centre);
    const right = Math.abs((this.#distances[column + 1] as number) - centre);
    return Math.max(left, right);
  }

  angleReach(column: number, angle: number): number {
    const left = Math.abs(turned((this.#angles?.[column] as number) - angle));
    const right = Math.abs(turned((this.#angles?.[column + 1] as number) - angle));
    return Math.max(left, right);
  }
}

/** Brings a difference of angles between -180 and 180. */
function turned(degrees: number): number {
  return degrees - 360 * Math.round(degrees / 360);
}
