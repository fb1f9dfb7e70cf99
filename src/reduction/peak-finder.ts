import type { Event } from "../message/event.ts";
import type { Data, Message, Payload } from "../message/message.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { kernels } from "./chosen-kernels.ts";
import { checkSentinel, frameOf, type Sentinel, sentinelOf } from "./elements.ts";
import type { Selecting } from "./kernels.ts";
import { withMapFiles } from "./map-file.ts";
import { checkOptions, numberAbove, oneOf, wholeNumber, wrongOption } from "./option-check.ts";
import { findPeaks, type Peak } from "./peaks.ts";
import { type PixelMap, pixelsOf } from "./pixel-map.ts";

const SUBJECT = "PeakFinder";

/** Says what a peak is, and what a hit. One plain object: it can stand in YAML and go to threads. */
export interface PeakFinderOptions {
  /** The brightest pixel of a peak is above this. */
  readonly threshold: number;
  /** Its pixels are so many deviations of the local background above its mean. Default 5. */
  readonly minSnr?: number;
  /** It has so many pixels at least. Default 2. */
  readonly minPixels?: number;
  /** And so many at most. Default 200. */
  readonly maxPixels?: number;
  /** How far a peak reaches from its brightest pixel, and how far its background does: in pixels. Default [4, 8]. */
  readonly radius?: readonly [number, number];
  /** A frame is a hit with so many peaks. Default 1. */
  readonly minPeaks?: number;
  /** The brightest so many are listed. Default 1024. */
  readonly maxPeaks?: number;
  /** What becomes of a frame that is no hit: it does not go on (`drop`, default, a veto), or goes on marked (`mark`). */
  readonly blanks?: "drop" | "mark";
  /** Pixels to leave out are not 0. */
  readonly mask?: PixelMap;
  /** Which value of an integer marks a pixel as not valid: the type's largest (`max`, default), a number, `none`. */
  readonly sentinel?: Sentinel;
}

/** Is a frame with its peaks, the brightest first. */
export type FrameWithPeaks = Event<
  Data & { readonly hit: { readonly isHit: boolean; readonly peaks: number }; readonly peaks: readonly Peak[] },
  Payload
>;

/** Finds the peaks of each frame above their local background; frames with enough of them go on as they are. */
export class PeakFinder extends Operator<Message, Start | FrameWithPeaks | Stop> {
  #options: PeakFinderOptions;
  #mask: Float32Array | undefined;
  #selecting: Selecting | undefined;

  constructor(options: PeakFinderOptions) {
    super();
    check(options);
    this.#options = options;
  }

  override async open(_signal: AbortSignal): Promise<void> {
    this.#options = await withMapFiles(SUBJECT, this.#options, ["mask"]);
  }

  override process(message: Message): Start | FrameWithPeaks | Stop | undefined {
    if (message.type !== "event") return message;
    const frame = frameOf(SUBJECT, message);
    const { mask, sentinel = "max", radius = [4, 8], threshold } = this.#options;
    const { minSnr = 5, minPixels = 2, maxPixels = 200, minPeaks = 1, maxPeaks = 1024, blanks } = this.#options;
    if (this.#selecting === undefined || (mask !== undefined && this.#mask?.length !== frame.data.length)) {
      this.#mask = mask === undefined ? undefined : pixelsOf(`${SUBJECT}: mask`, mask, frame.rows, frame.columns);
      this.#selecting = kernels().selecting(this.#mask);
    }
    const looked = sentinelOf(frame.dtype, sentinel);
    const bright = this.#selecting.list(frame.data, threshold, looked);
    const around = { inner: radius[0], outer: radius[1] };
    const found = findPeaks(frame, bright, this.#mask, looked, around, { minSnr, minPixels, maxPixels });
    const isHit = found.length >= minPeaks;
    if (!isHit && blanks !== "mark") return undefined;
    const peaks = found.sort((a, b) => b.intensity - a.intensity).slice(0, maxPeaks);
    return message.with({ metadata: { ...message.metadata, hit: { isHit, peaks: found.length }, peaks } });
  }
}

function check(options: PeakFinderOptions): void {
  const names = ["threshold", "minSnr", "minPixels", "maxPixels", "radius", "minPeaks", "maxPeaks"] as const;
  checkOptions(SUBJECT, options, [...names, "blanks", "mask", "sentinel"]);
  const { threshold, minSnr = 5, minPixels = 2, maxPixels = 200, radius = [4, 8], sentinel = "max" } = options;
  if (!Number.isFinite(threshold)) throw wrongOption(SUBJECT, "threshold", "a number", threshold);
  numberAbove(SUBJECT, "minSnr", minSnr, 0);
  wholeNumber(SUBJECT, "minPixels", minPixels, 1);
  wholeNumber(SUBJECT, "maxPixels", maxPixels, minPixels);
  wholeNumber(SUBJECT, "minPeaks", options.minPeaks ?? 1, 1);
  wholeNumber(SUBJECT, "maxPeaks", options.maxPeaks ?? 1, 1);
  const isPair = Array.isArray(radius) && radius.length === 2 && radius.every((one) => Number.isSafeInteger(one));
  if (!isPair || !(radius[0] >= 1 && radius[1] > radius[0] && radius[1] <= 64)) {
    throw wrongOption(SUBJECT, "radius", "[peak, background] in whole pixels, growing, at most 64", radius);
  }
  oneOf(SUBJECT, "blanks", options.blanks ?? "drop", ["drop", "mark"]);
  checkSentinel(SUBJECT, sentinel);
}
