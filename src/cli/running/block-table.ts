import type { Observed } from "../../telemetry/observed.ts";
import type { Watched } from "../../telemetry/watched.ts";
import { bytes, duration, short } from "../drawing/quantity.ts";
import { tableLines } from "../drawing/table.ts";
import { harmless } from "../drawing/text-width.ts";

/** Is a row of the live table: a block with the rates of now. */
export interface BlockRow {
  readonly watched: Watched;
  readonly perSecond: number;
  readonly publishedPerSecond: number;
  /** The name of the operator, as it stands in the configuration. */
  readonly operator: string;
}

const HEAD = ["", "state", "events", "/s", "out/s", "queue", "held", "lost", "dropped", "failed", "memory"];
const TIMES = ["process p50", "p99", "queued p99"];
/** Less than this much work waiting is no backlog. */
const LEAST_WAITING = 10;
const LEAST_WAIT_S = 0.5;

/** Draws blocks as a table, with the slow operator named below it. */
export function blockTable(rows: readonly BlockRow[]): string[] {
  const hasTimes = rows.some(({ watched }) => watched.block.timings !== undefined);
  const head = hasTimes ? [...HEAD, ...TIMES] : HEAD;
  const lines = tableLines([head, ...rows.map((row) => cells(row, hasTimes))]);
  const slow = slowest(rows);
  return slow === undefined ? lines : [...lines, slow];
}

/** Names the operator that most work waits for; undefined where none is behind. */
export function slowest(rows: readonly BlockRow[]): string | undefined {
  let worst: { readonly row: BlockRow; readonly waitS: number } | undefined;
  for (const row of rows) {
    const { queued } = row.watched.block.load;
    // By what it does now, so long would the last of those that wait still wait.
    const waitS = row.perSecond > 0 ? queued / row.perSecond : Infinity;
    if (queued < LEAST_WAITING || waitS < LEAST_WAIT_S) continue;
    if (worst === undefined || waitS > worst.waitS) worst = { row, waitS };
  }
  if (worst === undefined) return undefined;
  const { row, waitS } = worst;
  const { block } = row.watched;
  const timing =
    block.timings === undefined
      ? ""
      : `, process takes ${duration(block.timings.process.p50)} (p99 ${duration(block.timings.process.p99)})`;
  const wait = Number.isFinite(waitS) ? `, about ${duration(waitS * 1000)}` : "";
  return `slow: ${harmless(row.operator)} in ${block.name}: ${short(block.load.queued)} messages wait${wait}${timing}`;
}

/** Gives what the table shows of a block, for programs. */
export function blockFacts({ watched, perSecond, publishedPerSecond }: BlockRow): Readonly<Record<string, unknown>> {
  const { block } = watched;
  const { received, events, finished, published, dropped, failed, dead, left, rejected, droppedUpstream, lost } =
    block.account;
  return {
    state: stateOf(watched),
    received,
    events,
    finished,
    published,
    dropped,
    failed,
    dead,
    left,
    rejected,
    droppedUpstream,
    lost,
    perSecond: round(perSecond),
    publishedPerSecond: round(publishedPerSecond),
    load: block.load,
    ...(block.timings !== undefined && { timings: block.timings }),
  };
}

/** Names the state of a block: what is wrong with a part of it comes first. */
export function stateOf({ states }: Watched): string {
  const own = states.get("block") ?? "new";
  if (own !== "starting") return own;
  const parts = [...states].filter(([part]) => part !== "block").map(([, state]) => state);
  for (const trouble of ["retrying", "disconnected", "connecting"] as const)
    if (parts.includes(trouble)) return trouble;
  return parts.length > 0 ? "running" : own;
}

function cells(row: BlockRow, hasTimes: boolean): string[] {
  const { watched, perSecond, publishedPerSecond } = row;
  const { account, load, name, timings }: Observed = watched.block;
  const times = timings === undefined ? ["-", "-", "-"] : timesOf(timings);
  return [
    harmless(name),
    stateOf(watched),
    String(account.events),
    short(Math.round(perSecond)),
    short(Math.round(publishedPerSecond)),
    short(load.queued),
    short(load.held),
    account.lost === "unknown" ? "?" : String(account.lost + account.droppedUpstream),
    String(account.dropped),
    String(account.failed + account.dead + account.rejected),
    bytes(load.bytes),
    ...(hasTimes ? times : []),
  ];
}

function timesOf({ process, queued }: NonNullable<Observed["timings"]>): string[] {
  return [duration(process.p50), duration(process.p99), duration(queued.p99)];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
