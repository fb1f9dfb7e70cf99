import { UsageError } from "../errors.ts";
import type { Event } from "../message/event.ts";
import type { Data, Message } from "../message/message.ts";
import { NdArray } from "../message/ndarray.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { checkSentinel, type Frame, frameOf, type Sentinel, sentinelOf } from "./elements.ts";
import { checkOptions } from "./option-check.ts";

/** Says how many pixels become one. One plain object: it can stand in YAML and go to threads. */
export interface RebinOptions {
  /** Pixels of a column that become one; `all`: the frame becomes one row, its projection. Default 1. */
  readonly rows?: number | "all";
  /** Pixels of a row that become one; `all`: the frame becomes one column. Default 1. */
  readonly columns?: number | "all";
  /** What of the valid ones: their sum (default) or their mean. */
  readonly combine?: "sum" | "mean";
  /** Which value of an integer marks a pixel as not valid: the type's largest (`max`, default), a number, `none`. */
  readonly sentinel?: Sentinel;
}

/** Is a frame of fewer, larger pixels. */
export type RebinnedFrame = Event<Data, NdArray<"float64">>;

/**
 * Makes larger pixels of each frame, or projects it onto an axis; the result is float64. What is not valid is left out;
 * where nothing is valid the result is NaN. Rows and columns that fill no pixel at the end are left out.
 */
export class Rebin extends Operator<Message, Start | RebinnedFrame | Stop> {
  readonly #options: RebinOptions;

  constructor(options: RebinOptions) {
    super();
    checkOptions("Rebin", options, ["rows", "columns", "combine", "sentinel"]);
    for (const key of ["rows", "columns"] as const) {
      const value = options[key] ?? 1;
      if (value !== "all" && !(Number.isSafeInteger(value) && value > 0)) {
        throw new UsageError(`Rebin: ${key}: expected a whole number from 1 up or "all", got ${String(value)}`);
      }
    }
    const { combine = "sum", sentinel = "max" } = options;
    if (combine !== "sum" && combine !== "mean") {
      throw new UsageError(`Rebin: combine: expected sum or mean, got ${String(combine)}`);
    }
    checkSentinel("Rebin", sentinel);
    this.#options = options;
  }

  override process(message: Message): Start | RebinnedFrame | Stop {
    if (message.type !== "event") return message;
    const frame = frameOf("Rebin", message);
    const { rows = 1, columns = 1 } = this.#options;
    const high = rows === "all" ? frame.rows : rows;
    const wide = columns === "all" ? frame.columns : columns;
    if (high > frame.rows || wide > frame.columns || high === 0 || wide === 0) {
      throw new UsageError(
        `Rebin: ${high} x ${wide} pixels were to become one, the frame has ${frame.rows} x ${frame.columns}; take fewer`,
      );
    }
    return message.with({ payload: this.#rebinned(frame, high, wide) });
  }

  #rebinned(frame: Frame, high: number, wide: number): NdArray<"float64"> {
    const sentinel = sentinelOf(frame.dtype, this.#options.sentinel ?? "max");
    const rows = Math.floor(frame.rows / high);
    const columns = Math.floor(frame.columns / wide);
    const sums = new Float64Array(rows * columns);
    const counts = new Uint32Array(rows * columns);
    for (let row = 0; row < rows * high; row += 1) {
      const to = Math.floor(row / high) * columns;
      const from = row * frame.columns;
      for (let column = 0; column < columns * wide; column += 1) {
        const value = Number(frame.data[from + column]);
        if (value === sentinel || !Number.isFinite(value)) continue;
        const at = to + Math.floor(column / wide);
        sums[at] = (sums[at] as number) + value;
        counts[at] = (counts[at] as number) + 1;
      }
    }
    const isMean = this.#options.combine === "mean";
    for (let at = 0; at < sums.length; at += 1) {
      const count = counts[at] as number;
      if (count === 0) sums[at] = Number.NaN;
      else if (isMean) sums[at] = (sums[at] as number) / count;
    }
    return new NdArray<"float64">(sums, [rows, columns]);
  }
}
