import { drawCurve } from "../drawing/curve.ts";
import type { Merge } from "../drawing/grid.ts";
import { type Drawn, drawImage } from "../drawing/image.ts";
import type { Depth } from "../drawing/palette.ts";
import { bytes, short } from "../drawing/quantity.ts";
import type { ScaleName } from "../drawing/scale.ts";
import { fitted, harmless } from "../drawing/text-width.ts";
import { drawTree, leaf } from "../drawing/tree.ts";
import { guessText } from "./guess.ts";
import type { Observer } from "./observer.ts";
import { arrayOf, fieldsOf } from "./shown-message.ts";

/** Holds all that the screen of `look` shows. */
export interface LookState {
  readonly url: string;
  readonly observer: Observer | undefined;
  readonly perSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  readonly messages: number;
  /** What a person should know: why nothing comes, what was saved. */
  readonly note: string | undefined;
  readonly scale: ScaleName;
  readonly merge: Merge;
  readonly depth: Depth;
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

const SIDE = 36;
/** Narrower than this, metadata stand below the image. */
const BOTH = 84;
const KEYS = "space pause · s step · w write to a file · l log/lin · m mean/max · q quit";

/** Draws the screen of `look`: a head, the latest array with its metadata, the keys. */
export function lookLines(state: LookState, size: Size): string[] {
  const head = headLines(state);
  const foot = [strong(state.note === undefined ? "" : harmless(state.note), state), faint(KEYS, state)];
  const room = Math.max(0, size.rows - head.length - foot.length - 1);
  const body = bodyLines(state, { columns: size.columns, rows: room });
  const fill = Array.from({ length: Math.max(0, room - body.length) }, () => "");
  return [...head, "", ...body.slice(0, room), ...fill, ...foot];
}

/** Says in two lines how the stream does. */
export function headLines(state: LookState): string[] {
  const { observer, url } = state;
  if (observer === undefined) return [strong(harmless(url), state), `${state.messages} messages`];
  const { account, run, guess, isPaused } = observer;
  const name = run === undefined ? "no run" : `run ${harmless(run.name)} ${run.state}`;
  const lost = account.lost === "unknown" ? "unknown" : String(account.lost);
  const counts = [
    name,
    `${account.runs.length} ${account.runs.length === 1 ? "run" : "runs"}`,
    `${account.events} events`,
    ...(state.perSecond === undefined ? [] : [`${short(round(state.perSecond))}/s`]),
    ...(state.bytesPerSecond === undefined ? [] : [`${bytes(state.bytesPerSecond)}/s`]),
    `lost ${lost}`,
    ...(account.droppedUpstream > 0 ? [`dropped upstream ${account.droppedUpstream}`] : []),
    ...(account.rejected > 0 ? [`rejected ${account.rejected} (${harmless(mostCommon(account.reasons))})`] : []),
  ];
  const title = strong(harmless(url), state);
  return [`${title}  ${guessText(guess)}${isPaused ? `  ${strong("paused", state)}` : ""}`, counts.join(" · ")];
}

/** Draws the message that is shown: its array, its metadata, or both. */
export function bodyLines(state: LookState, size: Size): string[] {
  const { observer } = state;
  const message = observer?.shown;
  if (observer === undefined || message === undefined) return [];
  const array = arrayOf(message);
  const fields = fieldsOf(message, observer.guess.codec.name === "raw");
  const title = message.type === "event" ? "event" : message.type;
  const tree = (maxLines: number): string[] => {
    const own = drawTree(fields, { maxLines: Math.max(1, maxLines - 1) });
    const rest = maxLines - own.length - 3;
    const start = observer.start?.data;
    const more = rest > 2 && message.type === "event" && start !== undefined ? drawTree(start, { maxLines: rest }) : [];
    return [faint(title, state), ...own, ...(more.length > 0 ? ["", faint("start", state), ...more] : [])];
  };
  if (array === undefined) {
    const hasBytes = message.type === "event" && message.payload.byteLength > 0 && observer.guess.codec.name !== "raw";
    const payload = hasBytes ? [leaf(message.payload)] : [];
    return [...payload, ...tree(size.rows - payload.length)];
  }
  const about = `${array.dtype} [${array.shape.join(" × ")}]`;
  if (size.columns >= BOTH) {
    const columns = size.columns - SIDE - 2;
    const left = drawn(state, { columns, rows: size.rows - 1 });
    const lines = [...left.lines, faint(`${about}  ${left.caption}`, state)];
    const right = tree(size.rows);
    return Array.from(
      { length: Math.max(lines.length, right.length) },
      (_, row) => `${fitted(lines[row] ?? "", columns)}  ${fitted(right[row] ?? "", SIDE)}`,
    );
  }
  const below = Math.min(6, Math.floor(size.rows / 3));
  const picture = drawn(state, { columns: size.columns, rows: size.rows - below - 1 });
  return [...picture.lines, faint(`${about}  ${picture.caption}`, state), ...tree(below)];
}

function drawn(state: LookState, { columns, rows }: Size): Drawn {
  const message = state.observer?.shown;
  const array = message === undefined ? undefined : arrayOf(message);
  if (array === undefined || rows < 1) return { lines: [], caption: "" };
  const { depth, scale, merge } = state;
  // One row of an image is a curve as well.
  const isCurve = array.shape.length < 2 || array.shape.slice(0, -1).every((length) => length === 1);
  return isCurve
    ? drawCurve(array, { columns, rows: Math.min(rows, 20), scale })
    : drawImage(array, { columns, rows, depth, scale, merge });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function mostCommon(reasons: Readonly<Record<string, number>>): string {
  return Object.entries(reasons).sort(([, one], [, other]) => other - one)[0]?.[0] ?? "";
}

function strong(text: string, { depth }: LookState): string {
  return depth === "none" || text === "" ? text : `\u001b[1m${text}\u001b[22m`;
}

function faint(text: string, { depth }: LookState): string {
  return depth === "none" ? text : `\u001b[2m${text}\u001b[22m`;
}
