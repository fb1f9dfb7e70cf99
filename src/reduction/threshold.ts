import type { Event } from "../message/event.ts";
import type { Data, Message } from "../message/message.ts";
import { type DType, NdArray } from "../message/ndarray.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { checkSentinel, type Elements, frameOf, type Sentinel, sentinelOf } from "./elements.ts";
import { invalidValue } from "./invalid-value.ts";
import { checkOptions, oneOf, wrongOption } from "./option-check.ts";

const SUBJECT = "Threshold";

/** Says which counts are kept. One plain object: it can stand in YAML and go to threads. */
export interface ThresholdOptions {
  /** What is below this is not kept. */
  readonly low?: number;
  /** What is above this is not kept. */
  readonly high?: number;
  /** What becomes of what is below: 0 (`zero`, default), or not valid (`invalid`). */
  readonly below?: "zero" | "invalid";
  /** What becomes of what is above: not valid (`invalid`, default), or 0 (`zero`). */
  readonly above?: "zero" | "invalid";
  /** Which value of an integer marks a pixel as not valid: the type's largest (`max`, default), a number, `none`. */
  readonly sentinel?: Sentinel;
}

/** Is a frame of the type that came in, with how many of its pixels were not kept. */
export type ThresholdedFrame = Event<
  Data & { readonly threshold: { readonly below: number; readonly above: number } },
  NdArray<DType>
>;

/**
 * Keeps counts between two thresholds: noise below becomes 0, what is too much to be true is not valid. The type stays;
 * pixels that are not valid stay so.
 */
export class Threshold extends Operator<Message, Start | ThresholdedFrame | Stop> {
  readonly #options: ThresholdOptions;

  constructor(options: ThresholdOptions) {
    super();
    checkOptions(SUBJECT, options, ["low", "high", "below", "above", "sentinel"]);
    const { low, high, below = "zero", above = "invalid", sentinel = "max" } = options;
    if (low === undefined && high === undefined) throw wrongOption(SUBJECT, "low", "low, high or both", undefined);
    for (const [name, value] of Object.entries({ low, high })) {
      if (value !== undefined && !Number.isFinite(value)) throw wrongOption(SUBJECT, name, "a number", value);
    }
    if (low !== undefined && high !== undefined && !(high > low)) throw wrongOption(SUBJECT, "high", "above low", high);
    oneOf(SUBJECT, "below", below, ["zero", "invalid"]);
    oneOf(SUBJECT, "above", above, ["zero", "invalid"]);
    checkSentinel(SUBJECT, sentinel);
    this.#options = options;
  }

  override process(message: Message): Start | ThresholdedFrame | Stop {
    if (message.type !== "event") return message;
    const { dtype, rows, columns, data } = frameOf(SUBJECT, message);
    const { below = "zero", above = "invalid", sentinel = "max", low, high } = this.#options;
    const looked = sentinelOf(dtype, sentinel);
    const zero = dtype === "uint64" || dtype === "int64" ? 0n : 0;
    const instead = (what: "zero" | "invalid"): number | bigint =>
      what === "zero" ? zero : invalidValue(SUBJECT, dtype, looked);
    const kept = data.slice();
    const counts = keepBetween(kept, looked, {
      low: low ?? Number.NEGATIVE_INFINITY,
      high: high ?? Number.POSITIVE_INFINITY,
      // Who gives no bound needs no value for what is beyond it.
      below: low === undefined ? zero : instead(below),
      above: high === undefined ? zero : instead(above),
    });
    return message.with({
      metadata: { ...message.metadata, threshold: counts },
      payload: new NdArray<DType>(kept, [rows, columns], dtype),
    });
  }
}

interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly below: number | bigint;
  readonly above: number | bigint;
}

function keepBetween(data: Elements, sentinel: number | undefined, bounds: Bounds): { below: number; above: number } {
  const { low, high } = bounds;
  let below = 0;
  let above = 0;
  for (let pixel = 0; pixel < data.length; pixel += 1) {
    const value = data[pixel] as number | bigint;
    if (value >= low && value <= high) continue;
    const number = Number(value);
    if (number === sentinel || !Number.isFinite(number)) continue;
    if (number < low) below += 1;
    else above += 1;
    data[pixel] = (number < low ? bounds.below : bounds.above) as never;
  }
  return { below, above };
}
