import { afterAll, beforeAll, test } from "vitest";
import { SEED } from "../corpus/seeded.ts";
import { type BrokerName, CASES, type FaultCase, READERS, type ReaderName } from "./cases.ts";
import type { Ends } from "./ends.ts";
import type { Verdict } from "./oracle.ts";
import { play } from "./play.ts";
import { keepResult, printResults } from "./results.ts";

const LONG = process.env["ARROYO_LONG"] === "1";
const BROKERS = Object.keys(READERS) as BrokerName[];
const REPETITIONS = LONG ? 2 : 1;
/** The end of whatever hangs in spite of all the deadlines inside. */
const CASE_MS = 120_000;

interface Planned {
  readonly one: FaultCase;
  /** Its place in the list. */
  readonly order: number;
  readonly reader: ReaderName;
  readonly seed: number;
}

/** All cases with all readers of a broker, each with several seeds; in the short form each case with one broker in turn. */
function plannedFor(broker: BrokerName): Planned[] {
  return CASES.flatMap((one, order) => {
    const possible = READERS[broker].filter((reader) => one.not?.[reader] === undefined);
    const inTurn = possible[Math.floor(order / BROKERS.length) % possible.length] as ReaderName;
    const isTurn = BROKERS[order % BROKERS.length] === broker;
    const readers = LONG ? possible : isTurn ? [inTurn] : [];
    return readers.flatMap((reader) =>
      Array.from({ length: REPETITIONS }, (_, repetition) => {
        return { one, order, reader, seed: SEED * 1_000 + order * 10 + repetition };
      }),
    );
  });
}

/** Declares the tests of one broker. */
export function faultsOf(broker: BrokerName, start: () => Promise<Ends>): void {
  let ends: Ends;
  beforeAll(async () => {
    ends = await start();
  }, 120_000);
  afterAll(async () => {
    printResults();
    await ends[Symbol.asyncDispose]();
  });

  for (const { one, order, reader, seed } of plannedFor(broker)) {
    test(`faults - ${reader}: ${one.name} (seed ${seed})`, { timeout: CASE_MS }, async () => {
      let verdict: Verdict | undefined;
      try {
        verdict = await play(ends, one, reader, seed);
      } finally {
        keepResult({ order, case: one.name, reader, seed }, verdict);
      }
    });
  }
}
