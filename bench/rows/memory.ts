import { Program } from "../program.ts";
import type { Findings, Row, Size } from "../row.ts";
import { ratios } from "../spread.ts";
import { inTurns } from "../turns.ts";

/** Measures a block between two memory channels beside `node:stream`. */
export const memory: Row = { name: "memory", measure };

async function measure(size: Size): Promise<Findings> {
  const events = size.quick ? 20_000 : 500_000;
  const rate = (kind: string) => async (): Promise<number> => {
    await using program = new Program("memory", { kind, events, warmUps: size.quick ? 1 : 4, passes: 4 });
    const { perSecond } = await program.word<{ perSecond: number }>("done");
    return perSecond / 1e6;
  };
  const found = await inTurns(size, {
    block: rate("block"),
    streams: rate("object streams"),
    generators: rate("generators"),
    log: rate("block, log"),
  });
  return {
    title: "In memory: a block beside node:stream",
    method:
      "Events of 100 bytes, in millions a second. Ours: publisher, channel, a block that passes everything on (runs, " +
      "gaps, settlement and account on), channel, listener. Beside it: Readable, Transform and Writable in object mode, " +
      "which promise none of it, and the same three stages as async generators. Each in a process of its own, " +
      "after a warm-up; every event is made anew, counted and added up at the end, and the account must add up.",
    lines: [
      { what: "block", values: found.block },
      { what: "block, from a log with acknowledgements", values: found.log },
      { what: "object-mode streams", values: found.streams },
      { what: "async generators", values: found.generators },
      { what: "**block / object-mode streams**", values: ratios(found.block, found.streams), target: { least: 1 } },
      { what: "block / async generators", values: ratios(found.block, found.generators) },
    ],
  };
}
