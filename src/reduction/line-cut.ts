import type { Event } from "../message/event.ts";
import type { Data, Message } from "../message/message.ts";
import { NdArray } from "../message/ndarray.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { checkSentinel, type Frame, frameOf, type Sentinel, sentinelOf } from "./elements.ts";
import { checkOptions, wholeNumber, wrongOption } from "./option-check.ts";

const SUBJECT = "LineCut";
/** The most points of a cut, over its width. */
const MOST_POINTS = 16_777_216;

/** Says where a frame is cut. One plain object: it can stand in YAML and go to threads. */
export interface LineCutOptions {
  /** Where the line begins: row and column. The first pixel reaches from 0 to 1, so that its middle is at 0.5. */
  readonly from: readonly [number, number];
  /** Where it ends. */
  readonly to: readonly [number, number];
  /** How many points lie on it, the ends included; by default one for each pixel of its length. */
  readonly samples?: number;
  /** Over so many pixels across the line the mean is taken. Default 1. */
  readonly width?: number;
  /** Which value of an integer marks a pixel as not valid: the type's largest (`max`, default), a number, `none`. */
  readonly sentinel?: Sentinel;
}

/** Is what a frame holds along a line, with the length of the line in pixels. */
export type Cut = Event<Data & { readonly cut: { readonly length: number } }, NdArray<"float64">>;

/**
 * Gives what each frame holds along a line, interpolated between the four pixels around each point. Pixels that are not
 * valid, or beyond the frame, have no weight; where none has, the result is NaN.
 */
export class LineCut extends Operator<Message, Start | Cut | Stop> {
  readonly #options: LineCutOptions;
  readonly #samples: number;
  readonly #length: number;

  constructor(options: LineCutOptions) {
    super();
    checkOptions(SUBJECT, options, ["from", "to", "samples", "width", "sentinel"]);
    const { from, to, width = 1, sentinel = "max" } = options;
    for (const [name, point] of Object.entries({ from, to })) {
      const isPoint = Array.isArray(point) && point.length === 2 && point.every(Number.isFinite);
      if (!isPoint) throw wrongOption(SUBJECT, name, "[row, column]", point);
    }
    this.#length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    if (!(this.#length > 0)) throw wrongOption(SUBJECT, "to", "another point than from", to);
    this.#samples = wholeNumber(SUBJECT, "samples", options.samples ?? Math.max(2, Math.round(this.#length) + 1), 2);
    wholeNumber(SUBJECT, "width", width, 1);
    if (this.#samples * width > MOST_POINTS) {
      throw wrongOption(SUBJECT, "samples", `at most ${MOST_POINTS} points over the width`, this.#samples);
    }
    checkSentinel(SUBJECT, sentinel);
    this.#options = options;
  }

  override process(message: Message): Start | Cut | Stop {
    if (message.type !== "event") return message;
    const cut = this.#cut(frameOf(SUBJECT, message));
    return message.with({
      metadata: { ...message.metadata, cut: { length: this.#length } },
      payload: new NdArray<"float64">(cut),
    });
  }

  #cut(frame: Frame): Float64Array {
    const { from, to, width = 1, sentinel = "max" } = this.#options;
    const looked = sentinelOf(frame.dtype, sentinel);
    const steps = this.#samples - 1;
    const [down, along] = [(to[0] - from[0]) / steps, (to[1] - from[1]) / steps];
    // One pixel to the side of the line.
    const [aside, across] = [-(to[1] - from[1]) / this.#length, (to[0] - from[0]) / this.#length];
    const around: Around = { sum: 0, weight: 0 };
    return Float64Array.from({ length: this.#samples }, (_, step) => {
      around.sum = 0;
      around.weight = 0;
      for (let line = 0; line < width; line += 1) {
        const off = line - (width - 1) / 2;
        add(frame, looked, from[0] + step * down + off * aside, from[1] + step * along + off * across, around);
      }
      return around.weight === 0 ? Number.NaN : around.sum / around.weight;
    });
  }
}

interface Around {
  sum: number;
  weight: number;
}

/** Adds the four pixels around a point, by how near their middles are. */
function add(frame: Frame, sentinel: number | undefined, row: number, column: number, around: Around): void {
  const top = Math.floor(row - 0.5);
  const left = Math.floor(column - 0.5);
  for (let corner = 0; corner < 4; corner += 1) {
    const y = top + (corner >> 1);
    const x = left + (corner & 1);
    if (y < 0 || x < 0 || y >= frame.rows || x >= frame.columns) continue;
    const weight = (1 - Math.abs(row - 0.5 - y)) * (1 - Math.abs(column - 0.5 - x));
    const value = Number(frame.data[y * frame.columns + x]);
    if (weight === 0 || value === sentinel || !Number.isFinite(value)) continue;
    around.sum += weight * value;
    around.weight += weight;
  }
}
