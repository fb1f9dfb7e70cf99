import type { Event } from "../message/event.ts";
import type { Data, Message } from "../message/message.ts";
import { NdArray } from "../message/ndarray.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { checkSentinel, type Frame, frameOf, type Sentinel, sentinelOf } from "./elements.ts";
import { checkOptions, wrongOption } from "./option-check.ts";

const SUBJECT = "Preview";

/** Says which frames are shown, and how. One plain object: it can stand in YAML and go to threads. */
export interface PreviewOptions {
  /** One frame of so many is shown, the first one first. Default 1. */
  readonly oneIn?: number;
  /** At most so many frames a second are shown. */
  readonly perSecond?: number;
  /** `log` (default) shows faint and bright at once, `linear` does not. */
  readonly stretch?: "log" | "linear";
  /** What is black and what is white; by default the least and the largest valid pixel of each frame. */
  readonly range?: readonly [number, number];
  /** Which value of an integer marks a pixel as not valid: the type's largest (`max`, default), a number, `none`. */
  readonly sentinel?: Sentinel;
}

/** Is a frame for the eye, with what its black and white were. */
export type PreviewFrame = Event<Data & { readonly preview: { readonly range: readonly number[] } }, NdArray<"uint8">>;

/** Makes pictures of some of the frames: 1 is black, 255 is white, 0 is what is not valid. The others do not go on. */
export class Preview extends Operator<Message, Start | PreviewFrame | Stop> {
  readonly #options: PreviewOptions;
  readonly #clock: Clock;
  #seen = 0;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(options: PreviewOptions = {}, clock: Clock = systemClock) {
    super();
    checkOptions(SUBJECT, options, ["oneIn", "perSecond", "stretch", "range", "sentinel"]);
    const { oneIn = 1, perSecond = 1, stretch = "log", range, sentinel = "max" } = options;
    if (!(Number.isSafeInteger(oneIn) && oneIn > 0))
      throw wrongOption(SUBJECT, "oneIn", "a whole number from 1 up", oneIn);
    if (!(perSecond > 0)) throw wrongOption(SUBJECT, "perSecond", "a number above 0", perSecond);
    if (stretch !== "log" && stretch !== "linear") throw wrongOption(SUBJECT, "stretch", "log or linear", stretch);
    if (range !== undefined && !(range.length === 2 && range.every(Number.isFinite) && range[1] > range[0])) {
      throw wrongOption(SUBJECT, "range", "[black, white], white above black", range);
    }
    checkSentinel(SUBJECT, sentinel);
    this.#options = options;
    this.#clock = clock;
  }

  override process(message: Message): Start | PreviewFrame | Stop | undefined {
    if (message.type !== "event") return message;
    if (!this.#isShown()) return undefined;
    const frame = frameOf(SUBJECT, message);
    const sentinel = sentinelOf(frame.dtype, this.#options.sentinel ?? "max");
    const range = this.#options.range ?? rangeOf(frame, sentinel);
    const data = stretched(frame, sentinel, range, this.#options.stretch !== "linear");
    return message.with({
      metadata: { ...message.metadata, preview: { range } },
      payload: new NdArray<"uint8">(data, [frame.rows, frame.columns], "uint8"),
    });
  }

  #isShown(): boolean {
    const { oneIn = 1, perSecond } = this.#options;
    const isTurn = this.#seen % oneIn === 0;
    this.#seen += 1;
    if (!isTurn || perSecond === undefined) return isTurn;
    const now = this.#clock.now();
    if (now < this.#nextMs) return false;
    this.#nextMs = now + 1000 / perSecond;
    return true;
  }
}

function rangeOf({ data }: Frame, sentinel: number | undefined): readonly [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let pixel = 0; pixel < data.length; pixel += 1) {
    const value = Number(data[pixel]);
    if (value === sentinel || !Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return most >= least ? [least, most] : [0, 0];
}

function stretched(
  { data }: Frame,
  sentinel: number | undefined,
  [black, white]: readonly [number, number],
  isLog: boolean,
): Uint8Array {
  const span = isLog ? Math.log1p(white - black) : white - black;
  const shade = (value: number): number => {
    if (value === sentinel || !Number.isFinite(value)) return 0;
    const above = Math.min(Math.max(value, black), white) - black;
    const part = span === 0 ? 0 : (isLog ? Math.log1p(above) : above) / span;
    return 1 + Math.round(254 * part);
  };
  const picture = new Uint8Array(data.length);
  if (isSmall(data) && data.length > VALUES) {
    const shades = Uint8Array.from({ length: VALUES }, (_, bits) => shade(valueOfBits(data, bits)));
    for (let pixel = 0; pixel < data.length; pixel += 1) {
      picture[pixel] = shades[(data[pixel] as number) & (VALUES - 1)] as number;
    }
    return picture;
  }
  for (let pixel = 0; pixel < data.length; pixel += 1) picture[pixel] = shade(Number(data[pixel]));
  return picture;
}

/** So many values has an integer of 16 bits: less work than as many pixels as large frames have. */
const VALUES = 65_536;

type Small = Uint8Array | Int8Array | Uint16Array | Int16Array;

function isSmall(data: Frame["data"]): data is Small {
  return (
    data instanceof Uint8Array || data instanceof Int8Array || data instanceof Uint16Array || data instanceof Int16Array
  );
}

/** Gives the integer whose lowest 16 bits these are. */
function valueOfBits(data: Small, bits: number): number {
  const isSigned = data instanceof Int8Array || data instanceof Int16Array;
  return isSigned ? (bits << 16) >> 16 : bits;
}
