// One hop in the wire form of arroyosas, ours beside that of the real arroyopy. `npm run test:peers -- --bench` runs it;
// `--quick` is for a look at whether it works, `--write` puts the tables into docs/performance.md.
import assert from "node:assert/strict";
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
  /** Messages before the clock starts. */
  readonly warm: number;
  readonly count: number;
  readonly least: number;
}

const CASES: readonly Case[] = [
  { name: "arroyosas-100b", title: "100 bytes", bytes: 100, warm: 50_000, count: 200_000, least: 3 },
  { name: "arroyosas-8mb", title: "8 MB", bytes: 8 * 2 ** 20, warm: 50, count: 400, least: 1.3 },
];
const ROUNDS = 3;

/** Gives messages per second over one hop; the sink has checked each of them. */
async function perSecond(python: string, hop: "ours" | "anew" | "theirs", one: Case, { quick }: Size): Promise<number> {
  const [warm, count] = [one.warm, one.count].map((messages) => Math.ceil(messages / (quick ? 20 : 1))) as [
    number,
    number,
  ];
  const ends = (role: string): Speaking =>
    new Speaking(python, "scripts/peers/bench_ends.py", role, ...[one.bytes, warm, count].map(String));
  using source = ends("source");
  using sink = ends("sink");
  const places = [await source.line(), await sink.line()];
  using between =
    hop === "theirs"
      ? new Speaking(python, "scripts/peers/bench_hop.py", ...places)
      : new Speaking(process.execPath, "bench/peers/our-hop.mjs", ...places, ...(hop === "anew" ? ["anew"] : []));
  const said = between.line();
  said.catch(() => undefined);
  const broken = said.then(() => Promise.reject(new Error(`the hop (${hop}) ended before its time`)));
  const result = JSON.parse(await Promise.race([sink.line(), broken])) as {
    count: number;
    seconds: number;
    bad: number;
  };
  assert.deepEqual([result.count, result.bad], [count, 0], `${hop}: what arrived is not what was sent`);
  if (hop !== "theirs") {
    between.stop();
    const { received, finished, published, lost } = JSON.parse(await said) as Record<string, number>;
    const all = warm + count + 2;
    assert.deepEqual(
      { received, finished, published, lost },
      { received: all, finished: all, published: all, lost: 0 },
    );
  }
  return Math.round((10 * count) / result.seconds) / 10;
}

async function measure(python: string, one: Case, size: Size): Promise<Findings> {
  const { theirs, ours, anew } = await inTurns(size, {
    theirs: () => perSecond(python, "theirs", one, size),
    ours: () => perSecond(python, "ours", one, size),
    anew: () => perSecond(python, "anew", one, size),
  });
  return {
    title: `One hop in the form of arroyosas, images of ${one.title}`,
    method:
      "PULL → pass-through → PUSH over tcp, between the same source and sink (pyzmq). arroyopy 0.2.2 (its " +
      "ZMQListener and Operator) with the codec of an application (pydantic, msgpack, numpy) decodes every message to its " +
      "objects and encodes it again. So does a block with `arroyosasCodec`, but large images that nobody changed go out " +
      "as they came; the second line has an operator that makes each event anew. The sink checks order, number and bytes, and our " +
      "account must add up.",
    lines: [
      { what: "arroyojs, messages/s", values: ours },
      { what: "arroyojs, each event made anew, messages/s", values: anew },
      { what: "arroyopy, messages/s", values: theirs },
      { what: "**arroyojs / arroyopy**", values: ratios(ours, theirs), target: { least: one.least } },
      { what: "arroyojs, made anew / arroyopy", values: ratios(anew, theirs) },
    ],
  };
}

const python = process.env.ARROYO_PEERS_PYTHON;
if (python === undefined) throw new Error("bench: this one needs its own Python: npm run test:peers -- --bench");
const quick = process.argv.includes("--quick");
const size: Size = { quick, rounds: quick ? 1 : ROUNDS, say: (text) => process.stdout.write(`${text}\n`) };
const where = machine();
for (const one of CASES) {
  const text = `${section(await measure(python, one, size))}\n\n${where}; ${size.rounds} rounds.`;
  size.say(`\n${text}\n`);
  if (process.argv.includes("--write") && !quick) writeSection(one.name, text);
}
