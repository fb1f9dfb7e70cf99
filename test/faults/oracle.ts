import { type Feed, idIn, PAYLOAD_BYTES } from "./feed.ts";
import { BATCH, type Sum } from "./programs/sums.ts";

/** What the oracle found in a sink, compared with what was fed. */
export interface Verdict {
  /** What should have come and did not. */
  readonly missing: readonly string[];
  /** What came and is not what was fed, or not what comes of it. */
  readonly wrong: readonly string[];
  /** How often a result came that had come before. */
  readonly duplicates: number;
}

/** What the sink must hold. */
export interface Expected {
  readonly feed: Feed;
  readonly work: "pass" | "sums";
  /** Numbers of events that may be missing: they are elsewhere. */
  readonly elsewhere?: ReadonlySet<number>;
  /** True where one consumer at a time reads one partition: then what comes first comes in order. */
  readonly isOrdered: boolean;
}

/** The kinds of native messages, by the fifth byte. */
const START = 1;
const STOP = 3;
const NEAR = 1e-9;

/**
 * Judges the bytes in a sink by themselves: payloads and their checksums, kinds of messages and names of runs. Nothing
 * that the product counts or decodes is asked.
 */
export function judge(bodies: readonly Buffer[], expected: Expected): Verdict {
  const wrong: string[] = [];
  const came = new Map<string, number>();
  const events: number[] = [];
  const sums = new Map(expected.work === "sums" ? sumsOf(expected.feed).map((sum) => [nameOf(sum), sum.value]) : []);
  for (const body of bodies) {
    let name: string | undefined;
    try {
      name = expected.work === "sums" ? sumNamed(body, sums) : undefined;
      if (name === undefined) {
        const id = idIn(body.subarray(-PAYLOAD_BYTES));
        if (id !== undefined) {
          name = `event ${id}`;
          events.push(id);
          if (expected.feed.events[id] === undefined) wrong.push(`${name}: nobody sent it`);
        }
      }
    } catch (error) {
      wrong.push(String(error));
      continue;
    }
    name ??= lifecycleIn(body);
    if (name === undefined) wrong.push(`a message of another kind: ${body.toString("latin1").slice(0, 100)}`);
    else came.set(name, (came.get(name) ?? 0) + 1);
  }
  if (expected.isOrdered) wrong.push(...outOfOrder(events, expected.feed));
  const missing = [...namesOf(expected, sums)].filter((name) => !came.has(name));
  const results = [...came].filter(([name]) => !/^St(?:art|op) /.test(name));
  return { missing, wrong, duplicates: results.reduce((sum, [, count]) => sum + count - 1, 0) };
}

function* namesOf({ feed, work, elsewhere }: Expected, sums: ReadonlyMap<string, number>): Iterable<string> {
  for (const run of feed.runs) {
    yield `Start of ${run}`;
    yield `Stop of ${run}`;
  }
  if (work === "sums") yield* sums.keys();
  else for (const { id } of feed.events) if (elsewhere?.has(id) !== true) yield `event ${id}`;
}

/** What of a run comes for the first time comes in the order in which it was sent. */
function outOfOrder(events: readonly number[], feed: Feed): string[] {
  const newest = new Map<string | undefined, number>();
  const seen = new Set<number>();
  const wrong: string[] = [];
  for (const id of events) {
    if (seen.has(id)) continue;
    seen.add(id);
    const run = feed.events[id]?.run;
    const before = newest.get(run) ?? -1;
    if (id < before) wrong.push(`event ${id} came for the first time after event ${before}`);
    newest.set(run, Math.max(id, before));
  }
  return wrong;
}

function lifecycleIn(body: Buffer): string | undefined {
  if (body.subarray(0, 3).toString("latin1") !== "AYO") return undefined;
  const kind = body[4];
  if (kind !== START && kind !== STOP) return undefined;
  const run = /run-\d+/.exec(body.toString("latin1"))?.[0];
  return run === undefined ? undefined : `${kind === START ? "Start" : "Stop"} of ${run}`;
}

/** The right sums and means of all runs. */
function sumsOf(feed: Feed): Sum[] {
  return feed.runs.flatMap((run) => {
    const ids = feed.idsOf(run);
    const all: Sum[] = [];
    for (let from = 0; from < ids.length; from += BATCH) {
      all.push({ run, result: "batch", number: from / BATCH, value: total(ids.slice(from, from + BATCH)) });
    }
    return [...all, { run, result: "mean", number: 0, value: total(ids) / ids.length }];
  });
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function nameOf({ run, result, number }: Sum): string {
  return `${result} ${number} of ${run}`;
}

/** Names the result in a body; throws where its value is not the right one. */
function sumNamed(body: Buffer, sums: ReadonlyMap<string, number>): string | undefined {
  const at = body.lastIndexOf("SUM {");
  if (at < 0) return undefined;
  const sum = JSON.parse(body.subarray(at + 4).toString("utf8")) as Sum;
  const name = nameOf(sum);
  const right = sums.get(name);
  if (right === undefined) throw new Error(`${name}: there is no such result`);
  if (Math.abs(right - sum.value) > NEAR * Math.abs(right)) {
    throw new Error(`${name}: came as ${sum.value}, is ${right}`);
  }
  return name;
}
