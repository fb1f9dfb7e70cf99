import { CODEC_NAMES } from "../src/config/registry.ts";
import { Program } from "./program.ts";
import type { Findings, Row, Size } from "./row.ts";
import { inTurns } from "./turns.ts";

interface Reading {
  readonly bytes: number;
  readonly us: number;
  readonly touchedUs: number;
  readonly allocated: number;
  readonly touchedAllocated: number;
}

/** Codecs whose messages are those of others, the one that reads no messages, and the one whose source is asked. */
const LEFT_OUT: ReadonlySet<string> = new Set(["raw", "bluesky-kafka", "tiled"]);
/** Room for what is allocated, so that the collector does not come in between. */
const FLAGS = ["--expose-gc", "--max-semi-space-size=256", "--min-semi-space-size=256"];

/** Measures how long the reading of each format's typical message takes, and what it allocates. */
export const formats: Row = { name: "formats", measure };

async function measure(size: Size): Promise<Findings> {
  const names = CODEC_NAMES.filter((name) => !LEFT_OUT.has(name));
  const found = await inTurns(
    size,
    Object.fromEntries(names.map((name) => [name, () => reading(name, size.quick ? 0.02 : 0.5)])),
  );
  return {
    title: "Reading one message of each format",
    method:
      "One thread, frames that are in memory: a detector's image of 512² pixels as `arroyo simulate` sends it (ev44: 1000 " +
      "neutrons), in the element type and compression that its system has. Reading gives a message whose compressed pixels " +
      "stay compressed, which is what a forwarder needs; with its pixels: `payload.data` was touched. Every frame is " +
      "compared with the image first; every sixteenth begins with a new reader and a Start. Bytes are those of one message, in the heap and beside it. For information.",
    lines: names.flatMap((name) => {
      const all = found[name] as Reading[];
      const kB = ((all[0] as Reading).bytes / 1000).toFixed(1);
      return [
        { what: `${name} (${kB} kB), µs`, values: all.map(({ us }) => us) },
        { what: `${name}, with its pixels, µs`, values: all.map(({ touchedUs }) => touchedUs) },
        { what: `${name}, kB allocated`, values: all.map(({ allocated }) => allocated / 1000) },
        { what: `${name}, with its pixels, kB allocated`, values: all.map((one) => one.touchedAllocated / 1000) },
      ];
    }),
  };
}

async function reading(format: string, seconds: number): Promise<Reading> {
  await using program = new Program("format-decode", { format, seconds }, FLAGS);
  return await program.word<Reading>("done");
}
