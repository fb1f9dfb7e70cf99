import { UsageError } from "../errors.ts";
import { Event } from "../message/event.ts";
import type { Message } from "../message/message.ts";
import { isNdArray, NdArray } from "../message/ndarray.ts";
import type { Start } from "../message/start.ts";
import type { Stop } from "../message/stop.ts";
import { Operator } from "../operator/operator.ts";
import { MOST_BINS } from "./azimuthal-options.ts";
import { type HistogramAxis, histogramAxis } from "./histogram-axis.ts";
import { checkOptions } from "./option-check.ts";

const SUBJECT = "EventHistogram";

/** Says what is counted of neutron events. One plain object: it can stand in YAML and go to threads. */
export interface EventHistogramOptions {
  /** Bins of the time of flight, in the unit of the events (ns for ev44). */
  readonly time?: HistogramAxis;
  /** Bins of the pixel number. Together with `time` the histogram has a row for each bin of pixels. */
  readonly pixels?: HistogramAxis;
  /** Counts the latest so many messages only; without it all of the run so far. */
  readonly sliding?: number;
  /** Goes out after so many messages, and at the end of the run. Default 1. */
  readonly every?: number;
  /** The most events that a sliding window may keep; more are an error. Default 16 777 216. */
  readonly maxEvents?: number;
}

/** Is a histogram: [time], [pixels] or [pixels, time]. */
export type Histogram = Event<HistogramMetadata, NdArray<"uint32">>;

/** Says what a histogram holds. */
export interface HistogramMetadata {
  /** Messages that are in it. */
  readonly messages: number;
  /** Events that lie in a bin. */
  readonly counted: number;
  /** Events that lie in none. */
  readonly outside: number;
}

/** Is what one message added: bins, and how many of its events lie in none. */
interface Part {
  readonly bins: Uint32Array;
  readonly outside: number;
}

interface State {
  readonly counts: Uint32Array;
  /** The messages of a sliding window, the oldest first. */
  readonly parts: Part[];
  messages: number;
  counted: number;
  outside: number;
  waiting: number;
}

/**
 * Counts events by time of flight, by pixel, or by both, for each run. It takes events as the ESS format gives ev44:
 * the payload are the times, the metadata field `pixel_id` the pixels. Other events of a run do not go on.
 */
export class EventHistogram extends Operator<Message, Start | Histogram | Stop> {
  readonly #options: EventHistogramOptions;
  readonly #shape: readonly number[];
  readonly #runs = this.perRun(
    (): State => ({
      counts: new Uint32Array(this.#shape.reduce((product, length) => product * length, 1)),
      parts: [],
      messages: 0,
      counted: 0,
      outside: 0,
      waiting: 0,
    }),
  );

  constructor(options: EventHistogramOptions) {
    super();
    checkOptions(SUBJECT, options, ["time", "pixels", "sliding", "every", "maxEvents"]);
    const { time, pixels, sliding, every, maxEvents } = options;
    const axes = Object.entries({ pixels, time }).filter(([, axis]) => axis !== undefined);
    if (axes.length === 0) throw new UsageError(`${SUBJECT}: expected time, pixels or both, got neither`);
    this.#shape = axes.map(([name, axis]) => histogramAxis(`${SUBJECT}: ${name}`, axis).bins);
    const bins = this.#shape.reduce((product, length) => product * length, 1);
    if (bins > MOST_BINS) throw new UsageError(`${SUBJECT}: expected at most ${MOST_BINS} bins in all, got ${bins}`);
    for (const [name, value] of Object.entries({ sliding, every, maxEvents })) {
      if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue;
      throw new UsageError(`${SUBJECT}: ${name}: expected a whole number from 1 up, got ${String(value)}`);
    }
    this.#options = options;
  }

  override process(message: Message): Start | Histogram | Stop | undefined | (Histogram | Stop)[] {
    if (message.type === "start") return message;
    const state = this.#runs.of(message);
    if (message.type === "stop") return state.waiting > 0 ? [this.#result(state, message.run), message] : message;
    const part = this.#partOf(message);
    if (part === undefined) return undefined;
    this.#add(state, part);
    state.waiting += 1;
    return state.waiting >= (this.#options.every ?? 1) ? this.#result(state, message.run as string) : undefined;
  }

  /** Gives the bins of a message's events; undefined for a message that holds none. */
  #partOf(message: Event): Part | undefined {
    const { payload } = message;
    const ids = message.field("pixel_id");
    if (!isNdArray(payload) || !isNdArray(ids)) return undefined;
    const times = payload.data;
    const { time, pixels } = this.#options;
    if (pixels !== undefined && ids.data.length !== times.length) {
      throw new UsageError(`${SUBJECT}: pixel_id has ${ids.data.length} elements, there are ${times.length} events`);
    }
    const bins = new Uint32Array(times.length);
    let counted = 0;
    for (let at = 0; at < times.length; at += 1) {
      const row = pixels === undefined ? 0 : binOf(Number(ids.data[at]), pixels);
      const column = time === undefined ? 0 : binOf(Number(times[at]), time);
      if (row < 0 || column < 0) continue;
      bins[counted] = row * (time?.bins ?? 1) + column;
      counted += 1;
    }
    return { bins: bins.subarray(0, counted), outside: times.length - counted };
  }

  #add(state: State, part: Part): void {
    const { sliding, maxEvents = 16_777_216 } = this.#options;
    if (sliding === undefined) {
      count(state, part, 1);
      return;
    }
    const leaving = state.parts.length < sliding ? undefined : state.parts[0];
    const kept = state.counted + part.bins.length - (leaving?.bins.length ?? 0);
    if (kept > maxEvents) {
      throw new UsageError(
        `${SUBJECT}: ${kept} events lie in the latest ${Math.min(sliding, state.parts.length + 1)} messages, maxEvents is ` +
          `${maxEvents}; raise it, or make sliding smaller`,
      );
    }
    count(state, part, 1);
    state.parts.push({ bins: part.bins.slice(), outside: part.outside });
    if (leaving === undefined) return;
    state.parts.shift();
    count(state, leaving, -1);
  }

  #result(state: State, run: string): Histogram {
    state.waiting = 0;
    const { messages, counted, outside, counts } = state;
    // A copy: the counts go on.
    return new Event({ messages, counted, outside }, new NdArray(counts.slice(), this.#shape), { run });
  }
}

function count(state: State, { bins, outside }: Part, sign: 1 | -1): void {
  for (const bin of bins) state.counts[bin] = (state.counts[bin] as number) + sign;
  state.messages += sign;
  state.counted += sign * bins.length;
  state.outside += sign * outside;
}

function binOf(value: number, { bins, range: [from, to] }: HistogramAxis): number {
  const bin = Math.floor(((value - from) * bins) / (to - from));
  return bin >= 0 && bin < bins ? bin : -1;
}
