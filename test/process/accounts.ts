import type { Account, Counts } from "arroyojs";
import { expect } from "vitest";

const NUMBERS = ["received", "events", "finished", "published", "dropped", "failed", "dead", "left"] as const;

/** Checks that an account adds up by itself: every line, and the lines to the sum. */
export function expectSums(account: Account): void {
  for (const counts of [account, ...account.runs]) expectLine(counts);
  for (const name of NUMBERS) {
    const ofRuns = account.runs.reduce((sum, run) => sum + run[name], 0);
    expect(account[name], `${account.block}: ${name} of all runs`).toBeGreaterThanOrEqual(ofRuns);
  }
}

/** Gives the stretches of events that an account misses in a run, over all its lines of that run. */
export function missingOf(account: Account, run: string): { events: number; ranges: (readonly [number, number])[] } {
  const gaps = account.runs.filter((line) => line.run === run).flatMap(({ missing }) => missing ?? []);
  return { events: gaps.reduce((sum, gap) => sum + gap.events, 0), ranges: gaps.flatMap(({ ranges }) => [...ranges]) };
}

/** Adds up the events that an account has of a run, over all its lines of that run. */
export function eventsOf(account: Account, run: string): number {
  return account.runs.filter((line) => line.run === run).reduce((sum, { events }) => sum + events, 0);
}

function expectLine({ received, finished, dropped, failed, dead, left, ...counts }: Counts): void {
  const name = JSON.stringify({ received, finished, dropped, failed, dead, left, ...counts });
  expect(finished + dropped + failed + dead + left, name).toBe(received);
  expect(counts.events, name).toBeLessThanOrEqual(received);
  expect(counts.filtered, name).toBeLessThanOrEqual(finished);
}
