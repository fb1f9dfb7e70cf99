import type { Event } from "../message/event.ts";
import type { Data, Message, Payload } from "../message/message.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { kernels } from "./chosen-kernels.ts";
import { checkSentinel, type Frame, frameOf, type Sentinel, sentinelOf } from "./elements.ts";
import type { Selecting } from "./kernels.ts";
import { withMapFiles } from "./map-file.ts";
import { checkOptions, wrongOption } from "./option-check.ts";
import { type PixelMap, pixelsOf } from "./pixel-map.ts";

const SUBJECT = "HitFinder";

/** Says what a hit is. One plain object: it can stand in YAML and go to threads. */
export interface HitFinderOptions {
  /** A pixel counts that is above. */
  readonly threshold: number;
  /** A frame is a hit with so many pixels that count. */
  readonly minPixels: number;
  /** What becomes of a frame that is no hit: it does not go on (`drop`, default, a veto), or goes on marked (`mark`). */
  readonly blanks?: "drop" | "mark";
  /** Pixels to leave out are not 0. */
  readonly mask?: PixelMap;
  /** Which value of an integer marks a pixel as not valid: the type's largest (`max`, default), a number, `none`. */
  readonly sentinel?: Sentinel;
}

/** Is a frame with `hit`: whether it is one, and how many of its pixels count. */
export type JudgedFrame = Event<Data & { readonly hit: { readonly isHit: boolean; readonly pixels: number } }, Payload>;

/** Finds the frames in which something is to be seen; a frame goes on as it is. */
export class HitFinder extends Operator<Message, Start | JudgedFrame | Stop> {
  #options: HitFinderOptions;
  #selecting: Selecting | undefined;
  #pixels = 0;

  constructor(options: HitFinderOptions) {
    super();
    checkOptions(SUBJECT, options, ["threshold", "minPixels", "blanks", "mask", "sentinel"]);
    const { threshold, minPixels, blanks = "drop", sentinel = "max" } = options;
    if (!Number.isFinite(threshold)) throw wrongOption(SUBJECT, "threshold", "a number", threshold);
    if (!(Number.isSafeInteger(minPixels) && minPixels > 0))
      throw wrongOption(SUBJECT, "minPixels", "a number from 1 up", minPixels);
    if (blanks !== "drop" && blanks !== "mark") throw wrongOption(SUBJECT, "blanks", "drop or mark", blanks);
    checkSentinel(SUBJECT, sentinel);
    this.#options = options;
  }

  override async open(_signal: AbortSignal): Promise<void> {
    this.#options = await withMapFiles(SUBJECT, this.#options, ["mask"]);
  }

  override process(message: Message): Start | JudgedFrame | Stop | undefined {
    if (message.type !== "event") return message;
    const { minPixels, blanks } = this.#options;
    const pixels = this.#count(frameOf(SUBJECT, message));
    const isHit = pixels >= minPixels;
    if (!isHit && blanks !== "mark") return undefined;
    return message.with({ metadata: { ...message.metadata, hit: { isHit, pixels } } });
  }

  #count({ data, dtype, rows, columns }: Frame): number {
    const { threshold, mask, sentinel = "max" } = this.#options;
    if (this.#selecting === undefined || (mask !== undefined && this.#pixels !== data.length)) {
      this.#selecting = kernels().selecting(
        mask === undefined ? undefined : pixelsOf(`${SUBJECT}: mask`, mask, rows, columns),
      );
      this.#pixels = data.length;
    }
    return this.#selecting.count(data, threshold, sentinelOf(dtype, sentinel));
  }
}
