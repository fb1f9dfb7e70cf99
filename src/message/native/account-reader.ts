import { RejectedError } from "../../errors.ts";
import type { Account, Counts, Missing, RunCounts, Sent } from "../account.ts";

type Fields = Readonly<Record<string, unknown>>;
type Count = Exclude<keyof Counts, "lost" | "reasons">;

/** Typed as a record, so that a count that is added to the contract must be added here. */
const COUNTS: Readonly<Record<Count, true>> = {
  received: true,
  events: true,
  finished: true,
  filtered: true,
  reduced: true,
  published: true,
  publishedEvents: true,
  dropped: true,
  failed: true,
  dead: true,
  left: true,
  rejected: true,
  droppedUpstream: true,
};
const ENDS: ReadonlySet<unknown> = new Set(["completed", "abandoned", "interrupted"]);
const KINDS_OF_MISSING: ReadonlySet<unknown> = new Set(["lost", "unaccounted"]);

/** Reads the account of a Stop: sums are made of it, so that every number must be one. What is left out counts as 0. */
export function readAccount(value: unknown, path = "account"): Account {
  const fields = record(value, path);
  const { sent, notSent } = fields;
  return {
    ...fields,
    ...readCounts(fields, path),
    block: text(fields.block, `${path}.block`),
    runs: list(fields.runs ?? [], `${path}.runs`, readRun),
    hops: list(fields.hops ?? [], `${path}.hops`, readAccount),
    ...(sent === undefined ? undefined : { sent: list(sent, `${path}.sent`, readSent) }),
    ...(notSent === undefined ? undefined : { notSent: whole(notSent, `${path}.notSent`) }),
  };
}

function readRun(value: unknown, path: string): RunCounts {
  const fields = record(value, path);
  const { ended, joinedAt, missing } = fields;
  if (ended !== undefined && !ENDS.has(ended)) throw new RejectedError(`${path}.ended: no such end`);
  return {
    ...fields,
    ...readCounts(fields, path),
    run: text(fields.run, `${path}.run`),
    stream: text(fields.stream, `${path}.stream`),
    ...(ended === undefined ? undefined : { ended: ended as NonNullable<RunCounts["ended"]> }),
    ...(joinedAt === undefined ? undefined : { joinedAt: whole(joinedAt, `${path}.joinedAt`) }),
    ...(missing === undefined ? undefined : { missing: list(missing, `${path}.missing`, readMissing) }),
  };
}

function readCounts(fields: Fields, path: string): Counts {
  const counts = {} as Record<Count, number>;
  for (const name of Object.keys(COUNTS) as Count[]) counts[name] = whole(fields[name] ?? 0, `${path}.${name}`);
  const { lost = 0, reasons = {} } = fields;
  const given = record(reasons, `${path}.reasons`);
  for (const times of Object.values(given)) whole(times, `${path}.reasons`);
  return {
    ...counts,
    lost: lost === "unknown" ? lost : whole(lost, `${path}.lost`),
    reasons: given as Readonly<Record<string, number>>,
  };
}

function readSent(value: unknown, path: string): Sent {
  const fields = record(value, path);
  return {
    ...fields,
    stream: text(fields.stream, `${path}.stream`),
    partition: text(fields.partition, `${path}.partition`),
    from: whole(fields.from, `${path}.from`),
    to: whole(fields.to, `${path}.to`),
    events: whole(fields.events, `${path}.events`),
  };
}

function readMissing(value: unknown, path: string): Missing {
  const fields = record(value, path);
  const { as } = fields;
  if (!KINDS_OF_MISSING.has(as)) throw new RejectedError(`${path}.as: expected lost or unaccounted`);
  return {
    ...fields,
    stream: text(fields.stream, `${path}.stream`),
    partition: text(fields.partition, `${path}.partition`),
    events: whole(fields.events, `${path}.events`),
    as: as as Missing["as"],
    ranges: list(fields.ranges ?? [], `${path}.ranges`, readRange),
  };
}

function readRange(value: unknown, path: string): readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2) throw new RejectedError(`${path}: expected first and last`);
  return [whole(value[0], path), whole(value[1], path)];
}

function list<T>(value: unknown, path: string, read: (one: unknown, path: string) => T): readonly T[] {
  if (!Array.isArray(value)) throw new RejectedError(`${path}: expected a list`);
  return value.map((one: unknown) => read(one, path));
}

function record(value: unknown, path: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) {
    return value as Fields;
  }
  throw new RejectedError(`${path}: expected a map`);
}

function text(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  throw new RejectedError(`${path}: expected text`);
}

function whole(value: unknown, path: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new RejectedError(`${path}: expected a whole number up to 2^53 - 1`);
}
