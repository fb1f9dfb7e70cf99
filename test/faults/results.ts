import { appendFileSync } from "node:fs";
import type { ReaderName } from "./cases.ts";
import type { Verdict } from "./oracle.ts";

/** Names a case as it was played. */
export interface Played {
  /** Its place in the list. */
  readonly order: number;
  readonly case: string;
  readonly reader: ReaderName;
  readonly seed: number;
}

const lines: string[] = [];

/** Keeps the outcome of a case: for those who read along, and in a file for `npm run test:long`. */
export function keepResult(played: Played, verdict: Verdict | undefined): void {
  const { case: name, reader, seed } = played;
  const missing = verdict?.missing.length ?? 0;
  const duplicates = verdict?.duplicates ?? 0;
  const outcome = verdict === undefined ? "FAILED" : `missing ${missing}, twice ${duplicates}`;
  lines.push(`${reader}: ${name}: ${outcome} (seed ${seed})`);
  const file = process.env["ARROYO_FAULTS_FILE"];
  if (file === undefined) return;
  appendFileSync(file, `${JSON.stringify({ ...played, missing, duplicates, failed: verdict === undefined })}\n`);
}

/** Prints what came out. */
export function printResults(): void {
  process.stdout.write(`${lines.splice(0).join("\n")}\n`);
}
