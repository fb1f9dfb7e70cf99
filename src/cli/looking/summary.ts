import { toJson } from "../../message/json/json-writer.ts";
import { reduced } from "../drawing/grid.ts";
import type { Guess } from "./guess.ts";
import type { Observer } from "./observer.ts";
import { arrayOf, fieldsOf } from "./shown-message.ts";

/** Lists of more items are cut in a summary. */
const SMALLEST_EDGE = 64;

/** Is what `look --json` prints: facts of the stream and of its newest message. */
export interface Summary {
  readonly url: string;
  readonly format: string;
  readonly certainty: Guess["certainty"];
  readonly note?: string;
  readonly run?: string;
  readonly runState?: string;
  readonly events: number;
  readonly lost: number | "unknown";
  readonly droppedUpstream: number;
  readonly rejected: number;
  readonly bytes: number;
  readonly perSecond?: number;
  readonly bytesPerSecond?: number;
  readonly message?: unknown;
}

/** Holds what is counted outside of the observer. */
export interface Counted {
  readonly bytes: number;
  readonly perSecond?: number;
  readonly bytesPerSecond?: number;
}

/** Gathers what is known of a stream. */
export function summaryOf(url: string, observer: Observer, counted: Counted): Summary {
  const { guess, run, account, shown } = observer;
  const { events, lost, droppedUpstream, rejected } = account;
  return {
    url,
    format: guess.codec.name,
    certainty: guess.certainty,
    ...(guess.note !== undefined && { note: guess.note }),
    ...(run !== undefined && { run: run.name, runState: run.state }),
    events,
    lost,
    droppedUpstream,
    rejected,
    ...counted,
    ...(shown !== undefined && { message: messageSummary(observer) }),
  };
}

function messageSummary({ shown, start, guess }: Observer): unknown {
  if (shown === undefined) return undefined;
  const isRaw = guess.codec.name === "raw";
  const fields = toJson(fieldsOf(shown, isRaw), "message");
  const { run, type } = shown;
  if (type !== "event") return { type, run, data: fields };
  const array = arrayOf(shown);
  return {
    type,
    run,
    timeMs: shown.envelope.timeMs,
    origin: shown.envelope.origin,
    metadata: fields,
    payload: array === undefined ? { bytes: shown.payload.byteLength } : arraySummary(array),
    ...(start !== undefined && { start: toJson(start.data, "start") }),
  };
}

function arraySummary(array: NonNullable<ReturnType<typeof arrayOf>>): unknown {
  const grids = (["mean", "max"] as const).map((merge) => reduced(array, SMALLEST_EDGE, SMALLEST_EDGE, merge).values);
  const [means, peaks] = grids.map((values) => values.filter((value) => !Number.isNaN(value)));
  const mean =
    means === undefined || means.length === 0 ? undefined : means.reduce((sum, one) => sum + one, 0) / means.length;
  const max = peaks === undefined || peaks.length === 0 ? undefined : Math.max(...peaks);
  return { dtype: array.dtype, shape: array.shape, bytes: array.byteLength, mean, max };
}
