import { pathToFileURL } from "node:url";
import { Program } from "./program.ts";
import type { Findings, Row, Size } from "./row.ts";
import { ratios } from "./spread.ts";
import { section } from "./table.ts";
import { inTurns } from "./turns.ts";

interface Integrated {
  readonly perSecond: number;
  readonly mainMs: number;
}

/** Measures an operator in two threads beside the same in one, and what a frame costs the main thread. */
export const threads: Row = { name: "threads", measure };

async function measure(size: Size): Promise<Findings> {
  const events = size.quick ? 40 : 400;
  const warmUp = size.quick ? 10 : 60;
  const integrated = (count: number) => async (): Promise<Integrated> => {
    await using program = new Program("threads", { threads: count, events, warmUp, size: 2048, bins: 500 });
    return await program.word<Integrated>("done");
  };
  const found = await inTurns(size, { one: integrated(1), two: integrated(2) });
  const rates = (which: readonly Integrated[]): number[] => which.map(({ perSecond }) => perSecond);
  return {
    title: "Threads: azimuthal integration of 2048² frames in two threads beside one",
    method:
      "A block with `parallel(module, { threads })`; frames of 16-bit counts (8.4 MB) that were made before the clock " +
      "started, a plain loop over their pixels, curves of 500 points. Every curve is compared with one computed " +
      "outside, and they must come in order. Of the main thread: the CPU time that Linux counts for it, with all that the " +
      "block does for a frame, beside one thread.",
    lines: [
      { what: "one thread, frames/s", values: rates(found.one) },
      { what: "two threads, frames/s", values: rates(found.two) },
      { what: "**two / one**", values: ratios(rates(found.two), rates(found.one)), target: { least: 1.7 } },
      {
        what: "**main thread, CPU ms/frame**",
        values: found.one.map(({ mainMs }) => mainMs),
        target: { most: 0.7 },
      },
    ],
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const findings = await measure({ quick: false, rounds: 5, say: (text) => process.stdout.write(`${text}\n`) });
  process.stdout.write(`${section(findings)}\n`);
}
