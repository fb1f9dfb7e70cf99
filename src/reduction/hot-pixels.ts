import { UsageError } from "../errors.ts";
import type { Event } from "../message/event.ts";
import type { Data, Message } from "../message/message.ts";
import { type DType, NdArray } from "../message/ndarray.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { checkSentinel, type Frame, frameOf, type Sentinel, sentinelOf } from "./elements.ts";
import { findHotPixels, medianAround } from "./hot-pixel-search.ts";
import { invalidValue } from "./invalid-value.ts";
import { checkOptions, numberAbove, oneOf, wholeNumber, wrongOption } from "./option-check.ts";
import { PixelMean } from "./pixel-mean.ts";

const SUBJECT = "HotPixels";

/** Says which pixels are hot. One plain object: it can stand in YAML and go to threads. */
export interface HotPixelsOptions {
  /** The mean of the first so many frames of a run is looked at; they go on as they are. Default 20. */
  readonly frames?: number;
  /** A pixel is hot that is so many roots of the median of its neighbours above it. Default 8. */
  readonly sigmas?: number;
  /** Whether a pixel that counts nothing where its neighbours do counts as hot. Default false. */
  readonly dead?: boolean;
  /** What takes the place of its counts: not valid (`invalid`, default), or the median of its neighbours (`median`). */
  readonly replace?: "invalid" | "median";
  /** Which value of an integer marks a pixel as not valid: the type's largest (`max`, default), a number, `none`. */
  readonly sentinel?: Sentinel;
}

/** Is a frame of the type that came in, with what was done to it. */
export type FrameWithoutHotPixels = Event<
  Data & { readonly hotPixels: { readonly isLearning: boolean; readonly pixels: number } },
  NdArray<DType>
>;

interface Learned {
  readonly mean: PixelMean;
  hot: Uint32Array | undefined;
}

/**
 * Finds the pixels that are hot in the first frames of each run, and takes them out of the frames after. What is hot in
 * one frame alone, as a spot of light is, is left as it is.
 */
export class HotPixels extends Operator<Message, Start | FrameWithoutHotPixels | Stop> {
  readonly #options: HotPixelsOptions;
  readonly #runs = this.perRun((): { learned: Learned | undefined } => ({ learned: undefined }));

  constructor(options: HotPixelsOptions = {}) {
    super();
    checkOptions(SUBJECT, options, ["frames", "sigmas", "dead", "replace", "sentinel"]);
    const { frames = 20, sigmas = 8, dead = false, replace = "invalid", sentinel = "max" } = options;
    wholeNumber(SUBJECT, "frames", frames, 1);
    numberAbove(SUBJECT, "sigmas", sigmas, 0);
    if (typeof dead !== "boolean") throw wrongOption(SUBJECT, "dead", "true or false", dead);
    oneOf(SUBJECT, "replace", replace, ["invalid", "median"]);
    checkSentinel(SUBJECT, sentinel);
    this.#options = options;
  }

  override process(message: Message): Start | FrameWithoutHotPixels | Stop {
    if (message.type !== "event") return message;
    const frame = frameOf(SUBJECT, message);
    const state = this.#runs.of(message);
    state.learned ??= { mean: new PixelMean(frame.data.length), hot: undefined };
    const { learned } = state;
    if (learned.mean.pixels !== frame.data.length) {
      throw new UsageError(
        `${SUBJECT}: a frame has ${frame.data.length} pixels, the first one had ${learned.mean.pixels}; give frames of one size`,
      );
    }
    const isLearning = learned.hot === undefined;
    const payload = learned.hot === undefined ? message.payload : this.#without(frame, learned.hot);
    if (isLearning) this.#learn(learned, frame);
    const hotPixels = { isLearning, pixels: isLearning ? 0 : (learned.hot as Uint32Array).length };
    return message.with({ metadata: { ...message.metadata, hotPixels }, payload: payload as NdArray<DType> });
  }

  #learn(learned: Learned, frame: Frame): void {
    const { frames = 20, sigmas = 8, dead = false, sentinel = "max" } = this.#options;
    learned.mean.add(frame.data, sentinelOf(frame.dtype, sentinel));
    if (learned.mean.frames < frames) return;
    learned.hot = findHotPixels(learned.mean.mean(), frame.rows, frame.columns, { sigmas, dead });
  }

  #without({ data, dtype, rows, columns }: Frame, hot: Uint32Array): NdArray<DType> {
    const { replace = "invalid", sentinel = "max" } = this.#options;
    const looked = sentinelOf(dtype, sentinel);
    const clean = data.slice();
    if (hot.length === 0) return new NdArray<DType>(clean, [rows, columns], dtype);
    const isFloat = dtype.startsWith("float");
    const invalid =
      replace === "median" && looked === undefined && !isFloat ? undefined : invalidValue(SUBJECT, dtype, looked);
    if (replace === "invalid") for (const pixel of hot) clean[pixel] = invalid as never;
    else this.#fillIn(clean, data, hot, { rows, columns, looked, invalid, isFloat });
    return new NdArray<DType>(clean, [rows, columns], dtype);
  }

  #fillIn(
    clean: Frame["data"],
    data: Frame["data"],
    hot: Uint32Array,
    about: Pick<Frame, "rows" | "columns"> & {
      readonly looked: number | undefined;
      readonly invalid: number | bigint | undefined;
      readonly isFloat: boolean;
    },
  ): void {
    const { rows, columns, looked, invalid, isFloat } = about;
    const areHot = new Set(hot);
    const countOf = (pixel: number): number => {
      const value = Number(data[pixel]);
      return areHot.has(pixel) || value === looked || !Number.isFinite(value) ? Number.NaN : value;
    };
    for (const pixel of hot) {
      const median = medianAround(countOf, rows, columns, pixel);
      if (Number.isNaN(median)) clean[pixel] = (invalid ?? data[pixel]) as never;
      else if (isFloat) clean[pixel] = median as never;
      else clean[pixel] = (typeof data[pixel] === "bigint" ? BigInt(Math.round(median)) : Math.round(median)) as never;
    }
  }
}
