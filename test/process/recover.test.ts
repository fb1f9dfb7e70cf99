import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { Child } from "./child.ts";
import { readJournal, segmentsOf } from "./journals.ts";
import type { LifeEnd, LogLine, SumLine, WorkerOptions } from "./programs/log-worker.ts";

const program = new URL("programs/log-worker.ts", import.meta.url);
const CASES = process.env["ARROYO_LONG"] === "1" ? 50 : 4;
const KILLS = 3;
const RUNS = 8;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "arroyo-recover-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Makes a log in which runs follow each other, or overlap in pairs. */
function logOf(random: Seeded): LogLine[] {
  const lines: LogLine[] = [];
  let id = 0;
  for (let first = 0; first < RUNS; ) {
    const runs = Array.from({ length: 1 + random.below(2) }, (_, index) => `run-${first + index}`);
    first += runs.length;
    const parts = runs.map((run) => {
      const count = random.below(25);
      const events = Array.from({ length: count }, () => ({ type: "event" as const, run }));
      return [{ type: "start" as const, run }, ...events, { type: "stop" as const, run }];
    });
    while (parts.some((part) => part.length > 0)) {
      const line = random.pick(parts.filter((part) => part.length > 0)).shift() as LogLine;
      lines.push(line.type === "event" ? { ...line, id: id++ } : line);
    }
  }
  return lines;
}

/** Runs the worker, life after life, until one ends by itself; gives what it was told in each. */
async function work(lines: readonly LogLine[], recover: "run" | "message", random: Seeded): Promise<WorkerOptions[]> {
  const log = join(folder, "log.jsonl");
  const position = join(folder, "position");
  await writeFile(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  await writeFile(position, "0");
  const lives: WorkerOptions[] = [];
  for (let life = 0; life <= KILLS; life += 1) {
    const end = life === KILLS ? undefined : endOf(random, lines.length);
    const journal = join(folder, `journal-${life}`);
    const results = join(folder, "results.jsonl");
    const options = { log, position, journal, results, recover, ...(end === undefined ? {} : { end }) };
    lives.push(options);
    await using child = new Child(program, { args: [options] });
    const { code, signal } = await child.end();
    // One that was to die later than it had work for has ended well.
    if (signal !== "SIGKILL") expect(code, child.story).toBe(0);
  }
  expect(Number(readFileSync(position, "utf8"))).toBe(lines.length);
  return lives;
}

function endOf(random: Seeded, messages: number): LifeEnd {
  const at = random.pick(["process", "publish", "commit"] as const);
  const most = at === "process" ? messages / 2 : RUNS / 2;
  const signal = random.chance(0.8) ? "SIGKILL" : "SIGTERM";
  return { at, number: 1 + random.below(most), when: random.pick(["before", "after"] as const), signal };
}

function idsIn(lines: readonly LogLine[], run: string): number[] {
  return lines.filter((line) => line.run === run && line.type === "event").map(({ id }) => id as number);
}

const seeds = Array.from({ length: CASES }, (_, index) => SEED * 1_000 + index);

test.for(seeds)("recover - with recover run, state in memory is right after kills (case %i)", async (seed) => {
  const random = new Seeded(seed);
  const lines = logOf(random);
  const lives = await work(lines, "run", random);
  for (const { journal } of lives) {
    // Whatever a life saw to its end, it saw from its Start, and in full.
    for (const { run, reason, ids } of segmentsOf(readJournal(journal))) {
      if (reason === "completed") expect(ids, run).toEqual(idsIn(lines, run));
    }
  }
  const results = readLines<SumLine>("results.jsonl");
  for (const run of new Set(lines.map((line) => line.run))) {
    const ids = idsIn(lines, run);
    const total = { run, sum: ids.reduce((sum, id) => sum + id, 0), count: ids.length };
    const given = results.filter((result) => result.run === run);
    expect(given.length, run).toBeGreaterThan(0);
    for (const result of given) expect(result).toEqual(total);
  }
});

test.for(seeds)("recover - with recover message, each message comes out at least once (case %i)", async (seed) => {
  const random = new Seeded(seed);
  const lines = logOf(random);
  const lives = await work(lines, "message", random);
  const results = readLines<{ readonly run: string; readonly id: number }>("results.jsonl");
  for (const run of new Set(lines.map((line) => line.run))) {
    const out = new Set(results.filter((result) => result.run === run).map(({ id }) => id));
    expect(
      [...out].sort((a, b) => a - b),
      run,
    ).toEqual(idsIn(lines, run));
  }
  for (const { journal } of lives) segmentsOf(readJournal(journal));
});

function readLines<T>(name: string): T[] {
  const path = join(folder, name);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as T);
}
