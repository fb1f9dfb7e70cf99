// Decoding and encoding in the wire form of arroyosas, ours beside an application of the real arroyopy, in turns.
// `npm run test:peers` runs it last and prints the ratios; `npm run test:peers -- --bench` runs it, too, and with
// `--write` puts the tables into docs/performance.md.
import { writeSection } from "../document.ts";
import { machine } from "../machine.ts";
import type { Findings, Size } from "../row.ts";
import { ratios } from "../spread.ts";
import { section } from "../table.ts";
import { inTurns } from "../turns.ts";
import { Speaking } from "./speaking.ts";

interface Case {
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
  readonly count: number;
  readonly least: number;
}

interface Times {
  readonly decode: number;
  readonly encode: number;
}

const CASES: readonly Case[] = [
  { name: "arroyosas-codec-100b", title: "100 bytes", bytes: 100, count: 50_000, least: 8 },
  { name: "arroyosas-codec-8mb", title: "8 MB", bytes: 8 * 2 ** 20, count: 40, least: 2 },
];
const ROUNDS = 7;

async function measure(python: string, one: Case, size: Size): Promise<Findings> {
  const count = Math.ceil(one.count / (size.quick ? 4 : 1));
  using theirs = new Speaking(python, "scripts/peers/bench_codec.py", String(one.bytes), String(count));
  using ours = new Speaking(process.execPath, "bench/peers/our-codec.mjs", String(count));
  theirs.tell("message");
  ours.tell(await theirs.line());
  const timesOf = async (program: Speaking): Promise<Times> => {
    program.tell("measure");
    return JSON.parse(await program.line()) as Times;
  };
  // Both are warm before the first round counts.
  for (const program of [theirs, ours, ours, ours]) await timesOf(program);
  const found = await inTurns(size, { theirs: () => timesOf(theirs), ours: () => timesOf(ours) });
  const both = ({ decode, encode }: Times): number => decode + encode;
  const micros = (of: readonly Times[], time: (times: Times) => number): number[] => of.map((at) => time(at) / 1000);
  const faster = (time: (times: Times) => number): number[] => ratios(found.theirs.map(time), found.ours.map(time));
  return {
    title: `The form of arroyosas, images of ${one.title}: decoding and encoding`,
    method:
      "`arroyosasCodec` beside the codec of an application of arroyopy 0.2.2 (pydantic, msgpack, numpy), on the same " +
      "message, in turns. Decoded is to an event and its array, and to the application's objects; encoded is an event that " +
      "was made anew, and an object. The bytes that we write are the application's.",
    lines: [
      { what: "arroyojs, both, µs", values: micros(found.ours, both) },
      { what: "arroyopy, both, µs", values: micros(found.theirs, both) },
      { what: "arroyopy / arroyojs, decoding", values: faster(({ decode }) => decode) },
      { what: "arroyopy / arroyojs, encoding", values: faster(({ encode }) => encode) },
      { what: "**arroyopy / arroyojs, both**", values: faster(both), target: { least: one.least } },
    ],
  };
}

const python = process.env.ARROYO_PEERS_PYTHON;
if (python === undefined) throw new Error("bench: this one needs its own Python: npm run test:peers -- --bench");
const quick = process.argv.includes("--quick");
const size: Size = { quick, rounds: quick ? 3 : ROUNDS, say: () => undefined };
const where = machine();
for (const one of CASES) {
  const text = `${section(await measure(python, one, size))}\n\n${where}; ${size.rounds} rounds.`;
  process.stdout.write(`\n${text}\n`);
  if (process.argv.includes("--write") && !quick) writeSection(one.name, text);
}
