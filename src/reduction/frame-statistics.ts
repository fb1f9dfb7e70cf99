import { UsageError } from "../errors.ts";
import { Event } from "../message/event.ts";
import type { Message } from "../message/message.ts";
import { NdArray } from "../message/ndarray.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { kernels } from "./chosen-kernels.ts";
import { checkSentinel, type Frame, frameOf, type Sentinel, sentinelOf } from "./elements.ts";
import type { Moments } from "./kernels.ts";
import { checkOptions, wrongOption } from "./option-check.ts";
import { STATISTICS, type Statistic } from "./statistic.ts";

const SUBJECT = "FrameStatistics";

/** Says what is kept of the frames of a run. One plain object: it can stand in YAML and go to threads. */
export interface FrameStatisticsOptions {
  /** What goes out: one array for each. Default `["mean"]`. */
  readonly statistics?: readonly Statistic[];
  /** Goes out after so many frames of a key, and at the end of the run; without it only then. */
  readonly every?: number;
  /** Between 0 and 1: each frame has this weight, and older ones fade; without it all frames weigh the same. */
  readonly decay?: number;
  /** A field of the metadata: frames are kept apart by its value (pump on or off, an energy). */
  readonly key?: string;
  /** The most values of the key in a run; one more is an error. Default 16. */
  readonly maxKeys?: number;
  /** Which value of an integer marks a pixel as not valid: the type's largest (`max`, default), a number, `none`. */
  readonly sentinel?: Sentinel;
}

/** Is what was kept of frames: an array [statistics, rows, columns]. */
export type Statistics = Event<
  { readonly statistics: readonly Statistic[]; readonly frames: number; readonly key: unknown },
  NdArray<"float32">
>;

interface Kept {
  readonly rows: number;
  readonly columns: number;
  readonly moments: Moments;
  readonly value: unknown;
  /** Frames since the last result. */
  waiting: number;
}

/**
 * Keeps mean, variance, least and most of each pixel over the frames of a run, apart for each value of a key. Frames do
 * not go on. A pixel that equals the sentinel or is not finite does not count; one that never counted is NaN.
 */
export class FrameStatistics extends Operator<Message, Start | Statistics | Stop> {
  readonly #options: FrameStatisticsOptions;
  readonly #statistics: readonly Statistic[];
  readonly #runs = this.perRun(() => new Map<string, Kept>());

  constructor(options: FrameStatisticsOptions = {}) {
    super();
    check(options);
    this.#options = options;
    this.#statistics = options.statistics ?? ["mean"];
  }

  override process(message: Message): Start | Statistics | undefined | (Statistics | Stop)[] {
    if (message.type === "start") return message;
    const keys = this.#runs.of(message);
    if (message.type === "stop") {
      const left = [...keys.values()].filter(({ waiting }) => waiting > 0);
      return [...left.map((kept) => this.#result(kept, message.run)), message];
    }
    const frame = frameOf(SUBJECT, message);
    const { key, every, sentinel = "max" } = this.#options;
    const kept = this.#keptFor(keys, key === undefined ? undefined : message.field(key), frame);
    kept.moments.add(frame.data, sentinelOf(frame.dtype, sentinel));
    kept.waiting += 1;
    return kept.waiting === every ? this.#result(kept, message.run) : undefined;
  }

  #keptFor(keys: Map<string, Kept>, value: unknown, { rows, columns }: Frame): Kept {
    const name = `${typeof value} ${String(value)}`;
    const known = keys.get(name);
    if (known !== undefined) {
      if (known.rows === rows && known.columns === columns) return known;
      throw new UsageError(
        `${SUBJECT}: a frame is ${rows} x ${columns}, those before were ${known.rows} x ${known.columns}; give frames of one size`,
      );
    }
    const most = this.#options.maxKeys ?? 16;
    if (keys.size >= most) {
      throw new UsageError(
        `${SUBJECT}: ${this.#options.key}: has more than ${most} values in a run; raise maxKeys, or choose another key`,
      );
    }
    const moments = kernels().moments(rows * columns, this.#statistics, this.#options.decay);
    const kept = { rows, columns, moments, value, waiting: 0 };
    keys.set(name, kept);
    return kept;
  }

  #result(kept: Kept, run: string | undefined): Statistics {
    const { rows, columns, moments, value } = kept;
    const pixels = rows * columns;
    const statistics = this.#statistics;
    const data = new Float32Array(statistics.length * pixels);
    for (const [at, statistic] of statistics.entries()) {
      moments.write(statistic, data.subarray(at * pixels, (at + 1) * pixels));
    }
    kept.waiting = 0;
    return new Event(
      { statistics, frames: moments.frames, key: value ?? null },
      new NdArray<"float32">(data, [statistics.length, rows, columns]),
      run === undefined ? {} : { run },
    );
  }
}

function check(options: FrameStatisticsOptions): void {
  checkOptions(SUBJECT, options, ["statistics", "every", "decay", "key", "maxKeys", "sentinel"]);
  const { statistics, every, decay, key, maxKeys, sentinel } = options;
  checkSentinel(SUBJECT, sentinel ?? "max");
  if (statistics !== undefined && (statistics.length === 0 || statistics.some((one) => !STATISTICS.includes(one)))) {
    throw wrongOption(SUBJECT, "statistics", `some of ${STATISTICS.join(", ")}`, statistics);
  }
  for (const [name, value] of Object.entries({ every, maxKeys })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      throw wrongOption(SUBJECT, name, "a number from 1 up", value);
  }
  if (decay !== undefined && !(decay > 0 && decay <= 1))
    throw wrongOption(SUBJECT, "decay", "above 0, at most 1", decay);
  if (key !== undefined && typeof key !== "string") throw wrongOption(SUBJECT, "key", "a field of the metadata", key);
}
