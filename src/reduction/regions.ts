import { UsageError } from "../errors.ts";
import type { Event } from "../message/event.ts";
import type { Data, Message, Payload } from "../message/message.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { checkSentinel, type Frame, frameOf, type Sentinel, sentinelOf } from "./elements.ts";
import { checkOptions } from "./option-check.ts";
import { type Window, windowIn, windowOf } from "./window.ts";

const SUBJECT = "Regions";

/** Says of which parts of a frame statistics are made. One plain object: it can stand in YAML and go to threads. */
export interface RegionsOptions {
  /** Windows by name. */
  readonly regions: Readonly<Record<string, Window>>;
  /** Which value of an integer marks a pixel as not valid: the type's largest (`max`, default), a number, `none`. */
  readonly sentinel?: Sentinel;
}

/** Is what a region of a frame holds, without what is not valid; NaN where nothing is valid, but a sum of 0. */
export interface RegionStatistics {
  readonly pixels: number;
  readonly sum: number;
  readonly mean: number;
  /** Of a sample; NaN for fewer than two pixels. */
  readonly variance: number;
  readonly min: number;
  readonly max: number;
}

/** Is a frame with the statistics of its regions. */
export type RegionsEvent = Event<Data & { readonly regions: Readonly<Record<string, RegionStatistics>> }, Payload>;

/** Puts statistics of regions into the metadata of each frame, under `regions`; the frame goes on as it is. */
export class Regions extends Operator<Message, Start | RegionsEvent | Stop> {
  readonly #regions: readonly (readonly [string, Window])[];
  readonly #sentinel: Sentinel;

  constructor(options: RegionsOptions) {
    super();
    checkOptions(SUBJECT, options, ["regions", "sentinel"]);
    const { regions, sentinel = "max" } = options;
    if (typeof regions !== "object" || regions === null || Object.keys(regions).length === 0) {
      throw new UsageError(`${SUBJECT}: regions: expected windows by name, got ${String(regions)}`);
    }
    this.#regions = Object.entries(regions).map(([name, one]) => [name, windowOf(`${SUBJECT}: ${name}`, one)]);
    this.#sentinel = checkSentinel(SUBJECT, sentinel);
  }

  override process(message: Message): Start | RegionsEvent | Stop {
    if (message.type !== "event") return message;
    const frame = frameOf(SUBJECT, message);
    const sentinel = sentinelOf(frame.dtype, this.#sentinel);
    const regions: Record<string, RegionStatistics> = {};
    for (const [name, window] of this.#regions) {
      windowIn(`${SUBJECT}: ${name}`, window, frame);
      regions[name] = statisticsOf(frame, window, sentinel);
    }
    return message.with({ metadata: { ...message.metadata, regions } });
  }
}

function statisticsOf({ data, columns }: Frame, window: Window, sentinel: number | undefined): RegionStatistics {
  let pixels = 0;
  let sum = 0;
  let mean = 0;
  let squares = 0;
  let min = Number.NaN;
  let max = Number.NaN;
  for (let row = window.rows[0]; row < window.rows[1]; row += 1) {
    for (let column = window.columns[0]; column < window.columns[1]; column += 1) {
      const value = Number(data[row * columns + column]);
      if (value === sentinel || !Number.isFinite(value)) continue;
      pixels += 1;
      sum += value;
      const away = value - mean;
      mean += away / pixels;
      squares += away * (value - mean);
      if (!(value >= min)) min = value;
      if (!(value <= max)) max = value;
    }
  }
  const variance = pixels < 2 ? Number.NaN : squares / (pixels - 1);
  return { pixels, sum, mean: pixels === 0 ? Number.NaN : sum / pixels, variance, min, max };
}
