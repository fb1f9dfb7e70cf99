import { existsSync, readFileSync } from "node:fs";
import type { Entry } from "./programs/journal.ts";

/** Reads what a process wrote down before its end, however it ended. */
export function readJournal(path: string): Entry[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  // What stands after the last line's end was cut off by the kill.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Entry);
}

/** Gives the numbers of the events of a run, of one life of the detector. */
export function idsOf(entries: readonly Entry[], run: string, life = 0): number[] {
  return entries
    .filter((entry) => entry.type === "event" && entry.run === run && entry.life === life)
    .map(({ id }) => id as number);
}

/** Gives the numbers of one list that are not in another, as first and last of each stretch without a gap. */
export function rangesWithout(all: readonly number[], without: readonly number[]): [number, number][] {
  const known = new Set(without);
  const ranges: [number, number][] = [];
  for (const id of all) {
    if (known.has(id)) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === id) last[1] = id;
    else ranges.push([id, id]);
  }
  return ranges;
}

/** Is a run as an operator saw it: from a Start to its Stop, or to the end of the process. */
export interface Segment {
  readonly run: string;
  readonly resumed: boolean;
  readonly ids: readonly number[];
  /** How it stopped; absent where the process was killed before. */
  readonly reason?: string;
}

/**
 * Divides what an operator saw into segments, and throws where the run rule was broken: for each run exactly one Start,
 * then events in order without repetition, then exactly one Stop.
 */
export function segmentsOf(entries: readonly Entry[]): Segment[] {
  const segments: Segment[] = [];
  const open = new Map<string, { run: string; resumed: boolean; ids: number[]; reason?: string }>();
  for (const [at, entry] of entries.entries()) {
    const segment = open.get(entry.run);
    if (entry.type === "start") {
      if (segment !== undefined) throw broken(entries, at, "a Start in an open run");
      const begun = { run: entry.run, resumed: entry.resumed === true, ids: [] };
      open.set(entry.run, begun);
      segments.push(begun);
    } else if (segment === undefined) throw broken(entries, at, `a ${entry.type} of a run that is not open`);
    else if (entry.type === "stop") {
      segment.reason = entry.reason as string;
      open.delete(entry.run);
    } else {
      if (Number(entry.id) <= (segment.ids.at(-1) ?? -1)) throw broken(entries, at, "an event twice or out of order");
      segment.ids.push(entry.id as number);
    }
  }
  return segments;
}

function broken(entries: readonly Entry[], at: number, what: string): Error {
  const before = entries.slice(Math.max(0, at - 10), at + 1).map((entry) => JSON.stringify(entry));
  return new Error(`run rule: ${what}, entry ${at}:\n${before.join("\n")}`);
}
