import { ArroyoError } from "../../errors.ts";
import type { Committed, Extent } from "./client.ts";
import { startsIn } from "./open-runs.ts";

/** Says where a group begins. */
export type KafkaFrom = "committed" | "earliest" | "latest" | { readonly timeMs: number };
/** Says what happens at an offset that the topic does not have any more. */
export type OutOfRange = "earliest" | "latest" | "fail";

/** Is what decides on a position. */
export interface PositionFacts {
  readonly subject: string;
  readonly topic: string;
  readonly partition: number;
  readonly extent: Extent;
  readonly committed: Committed | undefined;
  /** Where the group begins anew; undefined where it goes on. */
  readonly begin: "earliest" | "latest" | number | undefined;
  readonly withoutCommit: OutOfRange;
  readonly outOfRange: OutOfRange;
}

/** Is where a partition begins. */
export interface FirstPosition {
  readonly position: number;
  /** The Starts of the runs that are open there. */
  readonly starts: readonly number[];
  /** How many messages were deleted, or left out, before they were read. */
  readonly lost: number;
}

/** Decides where a partition begins. */
export function firstPosition(facts: PositionFacts): FirstPosition {
  const { subject, topic, partition, extent, committed, begin, withoutCommit, outOfRange } = facts;
  const { low, high } = extent;
  const place = `${subject}: partition ${partition} of ${topic}`;
  if (begin !== undefined) return at(typeof begin === "number" ? begin : end(begin, extent));
  if (committed === undefined) {
    if (withoutCommit !== "fail") return at(end(withoutCommit, extent));
    throw new ArroyoError("USAGE", `${place}: nothing is committed; say from, or withoutCommit "earliest" or "latest"`);
  }
  const { offset, metadata } = committed;
  if (offset >= low && offset <= high) return { position: offset, starts: startsIn(metadata, offset), lost: 0 };
  if (outOfRange === "fail") throw outOfRangeError(place, offset, extent);
  const position = end(outOfRange, extent);
  return { position, starts: [], lost: Math.max(0, position - offset) };
}

function outOfRangeError(place: string, offset: number, { low, high }: Extent): ArroyoError {
  return new ArroyoError(
    "USAGE",
    `${place}: offset ${offset} is out of range, the topic has ${low} to ${high}; say outOfRange "earliest" or ` +
      '"latest" to go on (what is missing is counted as lost), or keep messages longer (retention.ms)',
  );
}

function end(which: "earliest" | "latest", { low, high }: Extent): number {
  return which === "earliest" ? low : high;
}

function at(position: number): FirstPosition {
  return { position, starts: [], lost: 0 };
}
