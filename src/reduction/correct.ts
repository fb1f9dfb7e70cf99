import { UsageError } from "../errors.ts";
import type { Event } from "../message/event.ts";
import type { Data, Message } from "../message/message.ts";
import { NdArray } from "../message/ndarray.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { kernels } from "./chosen-kernels.ts";
import { checkSentinel, type Frame, frameOf, type Sentinel, sentinelOf } from "./elements.ts";
import type { Correcting } from "./kernels.ts";
import { withMapFiles } from "./map-file.ts";
import { checkOptions } from "./option-check.ts";
import { type PixelMap, pixelsOf } from "./pixel-map.ts";
import { PixelMean } from "./pixel-mean.ts";

const SUBJECT = "Correct";

/**
 * Says what the dark is: a map; the mean of the first frames of each run, which do not go on; a key of the data of the
 * run's Start; or the mean of all frames of a run of this id, which do not go on and serve the runs after it.
 */
export type Dark =
  | PixelMap
  | { readonly firstFrames: number }
  | { readonly fromStart: string }
  | { readonly fromRun: string };

/** Says how frames are corrected. One plain object: it can stand in YAML and go to threads. */
export interface CorrectOptions {
  /** Subtracted from each frame. */
  readonly dark?: Dark;
  /** What each pixel counts of an even light; divided by. */
  readonly flat?: PixelMap;
  /** What one photon counts, for all pixels or for each; divided by. */
  readonly gain?: number | PixelMap;
  /** Pixels to leave out are not 0. */
  readonly mask?: PixelMap;
  /** Which value of an integer marks a pixel as not valid: the type's largest (`max`, default), a number, `none`. */
  readonly sentinel?: Sentinel;
}

/** Is a corrected frame. */
export type CorrectedFrame = Event<Data, NdArray<"float32">>;

interface RunState {
  readonly run: string | undefined;
  /** The map of the run, as its Start gave it. */
  readonly given: unknown;
  /** What gathers a dark from the run itself. */
  mean: PixelMean | undefined;
  left: number;
  prepared: { readonly rows: number; readonly columns: number; readonly correcting: Correcting } | undefined;
}

/**
 * Makes (frame - dark) / (flat * gain) of each frame, in float32. A pixel is NaN that is masked, equals the sentinel, is
 * not finite, or whose dark, flat or gain is not a number, or for flat and gain not above 0.
 */
export class Correct extends Operator<Message, Start | CorrectedFrame | Stop> {
  #options: CorrectOptions;
  readonly #runs = this.perRun((start): RunState => this.#begin(start));
  #ofRun: PixelMean | undefined;
  /** Serves all messages, also those without a run, where the dark is no matter of runs. */
  readonly #shared: RunState | undefined;

  constructor(options: CorrectOptions) {
    super();
    check(options);
    this.#options = options;
    const { dark } = options;
    if (dark === undefined || isMap(dark)) {
      this.#shared = { run: undefined, given: undefined, mean: undefined, left: 0, prepared: undefined };
    }
  }

  override async open(_signal: AbortSignal): Promise<void> {
    this.#options = await withMapFiles(SUBJECT, this.#options, ["dark", "flat", "gain", "mask"]);
  }

  override process(message: Message): Start | CorrectedFrame | Stop | undefined {
    if (message.type !== "event") return message;
    const frame = frameOf(SUBJECT, message);
    const state = this.#shared ?? this.#runs.of(message);
    if (this.#gathers(state, frame)) return undefined;
    const target = new Float32Array(frame.data.length);
    this.#preparedFor(state, frame).correct(frame.data, this.#sentinelOf(frame), target);
    return message.with({ payload: new NdArray<"float32">(target, [frame.rows, frame.columns]) });
  }

  #begin(start: Start): RunState {
    const { dark } = this.#options;
    const state: RunState = { run: start.run, given: undefined, mean: undefined, left: 0, prepared: undefined };
    if (dark === undefined || isMap(dark)) return state;
    if ("firstFrames" in dark) return { ...state, left: dark.firstFrames };
    if ("fromStart" in dark) return { ...state, given: start.data[dark.fromStart] ?? null };
    if ("fromRun" in dark) {
      // What is given again after a run with a dark replaces it.
      if (start.run === dark.fromRun) this.#ofRun = undefined;
      return state;
    }
    return state;
  }

  /** Tells whether a frame is one of those that make the dark, and takes it. */
  #gathers(state: RunState, frame: Frame): boolean {
    const { dark } = this.#options;
    if (dark !== undefined && !isMap(dark) && "fromRun" in dark && state.run === dark.fromRun) {
      this.#ofRun = this.#added(this.#ofRun, frame);
      return true;
    }
    if (state.left === 0) return false;
    state.mean = this.#added(state.mean, frame);
    state.left -= 1;
    return true;
  }

  #added(mean: PixelMean | undefined, frame: Frame): PixelMean {
    const taking = mean ?? new PixelMean(frame.data.length);
    if (taking.pixels !== frame.data.length) {
      throw new UsageError(
        `${SUBJECT}: dark: a frame has ${frame.data.length} pixels, the first one had ${taking.pixels}; give frames of one size`,
      );
    }
    taking.add(frame.data, this.#sentinelOf(frame));
    return taking;
  }

  #preparedFor(state: RunState, { rows, columns }: Frame): Correcting {
    const { prepared } = state;
    if (prepared?.rows === rows && prepared.columns === columns) return prepared.correcting;
    const dark = this.#darkOf(state, rows, columns);
    const correcting = kernels().correcting(dark, this.#factors(dark, rows, columns));
    state.prepared = { rows, columns, correcting };
    return correcting;
  }

  #darkOf(state: RunState, rows: number, columns: number): Float32Array {
    const { dark } = this.#options;
    if (dark === undefined) return new Float32Array(rows * columns);
    if (isMap(dark)) return pixelsOf(`${SUBJECT}: dark`, dark, rows, columns);
    if ("fromStart" in dark) {
      return pixelsOf(`${SUBJECT}: dark: "${dark.fromStart}" of the Start`, state.given, rows, columns);
    }
    const mean = "fromRun" in dark ? this.#ofRun : state.mean;
    if ("fromRun" in dark && mean === undefined) {
      throw new UsageError(`${SUBJECT}: dark: no frame of the run ${dark.fromRun} came before; measure it first`);
    }
    return pixelsOf(`${SUBJECT}: dark`, mean?.mean(), rows, columns);
  }

  /** Gives what each pixel is multiplied by; NaN for what is left out. */
  #factors(dark: Float32Array, rows: number, columns: number): Float32Array {
    const { flat, gain = 1, mask } = this.#options;
    const map = (name: string, given: unknown): Float32Array => pixelsOf(`${SUBJECT}: ${name}`, given, rows, columns);
    const flats = flat === undefined ? undefined : map("flat", flat);
    const gains = typeof gain === "number" ? undefined : map("gain", gain);
    const masked = mask === undefined ? undefined : map("mask", mask);
    return Float32Array.from(dark, (offset, pixel) => {
      const divisor = (flats?.[pixel] ?? 1) * (gains?.[pixel] ?? (gain as number));
      const isGood = Number.isFinite(offset) && divisor > 0 && divisor < Number.POSITIVE_INFINITY;
      return isGood && (masked?.[pixel] ?? 0) === 0 ? 1 / divisor : Number.NaN;
    });
  }

  #sentinelOf(frame: Frame): number | undefined {
    return sentinelOf(frame.dtype, this.#options.sentinel ?? "max");
  }
}

/** Tells a dark that is there from one that is made of frames or comes with a Start. */
function isMap(dark: Dark): dark is PixelMap {
  return typeof dark === "string" || !("firstFrames" in dark || "fromStart" in dark || "fromRun" in dark);
}

function check(options: CorrectOptions): void {
  checkOptions(SUBJECT, options, ["dark", "flat", "gain", "mask", "sentinel"]);
  const { dark, gain, sentinel } = options;
  checkSentinel(SUBJECT, sentinel ?? "max");
  if (typeof gain === "number" && !(gain > 0)) throw new UsageError(`${SUBJECT}: gain: expected above 0, got ${gain}`);
  if (dark === undefined) return;
  if (typeof dark === "string") return;
  if (typeof dark !== "object" || dark === null) {
    throw new UsageError(`${SUBJECT}: dark: expected a map, firstFrames, fromStart or fromRun, got ${String(dark)}`);
  }
  if ("firstFrames" in dark && !(Number.isSafeInteger(dark.firstFrames) && dark.firstFrames > 0)) {
    throw new UsageError(`${SUBJECT}: dark: firstFrames: expected a whole number from 1 up, got ${dark.firstFrames}`);
  }
}
