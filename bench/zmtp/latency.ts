import { Company } from "../company.ts";
import type { Findings, Line, Row, Size } from "../row.ts";
import { ratios } from "../spread.ts";
import { inTurns } from "../turns.ts";

interface Ages {
  readonly p50: number;
  readonly p99: number;
}

interface Case {
  readonly title: string;
  readonly hops: number;
  readonly perSecond: number;
  readonly events: number;
  readonly warmUp: number;
  readonly isJudged?: boolean;
}

const BYTES = 1000;
const CASES: readonly Case[] = [
  { title: "three hops, 2 000/s", hops: 3, perSecond: 2000, events: 10_000, warmUp: 10_000, isJudged: true },
  { title: "one hop, 1 000/s", hops: 1, perSecond: 1000, events: 5_000, warmUp: 10_000 },
  { title: "one hop, 10 000/s", hops: 1, perSecond: 10_000, events: 30_000, warmUp: 10_000 },
  { title: "three hops, 2 000/s, from the first message on", hops: 3, perSecond: 2000, events: 4_000, warmUp: 0 },
];

/** Measures how old events are behind blocks with our engine, beside loops over bare sockets. */
export const zmtpLatency: Row = { name: "zmtp-latency", measure };

async function measure(size: Size): Promise<Findings> {
  const lines: Line[] = [];
  for (const one of CASES) lines.push(...(await linesOf(one, size)));
  return {
    title: "Latency over ZeroMQ, our own engine, 1 kB",
    method:
      "µs from `send` in a first process to `receive` in a last one, both of bare zeromq.js, with blocks or loops over bare " +
      "sockets between them (PULL → PUSH over tcp on this machine). The first 10 000 messages, at 5 000 a second, warm " +
      "every process up and are not counted; in the last case nothing is warm. Every event must come once and in order.",
    lines,
  };
}

async function linesOf(one: Case, size: Size): Promise<Line[]> {
  const found = await inTurns(size, {
    zmtp: () => ages("zmtp", one, size),
    bare: () => ages("bare", one, size),
  });
  const of = (which: readonly Ages[], part: keyof Ages): number[] => which.map((each) => each[part]);
  const both = (part: keyof Ages, name: string, most: number): Line[] => {
    const values = ratios(of(found.zmtp, part), of(found.bare, part));
    return [
      { what: `${one.title}, ${name}, block`, values: of(found.zmtp, part) },
      { what: `${one.title}, ${name}, bare`, values: of(found.bare, part) },
      one.isJudged === true
        ? { what: `**${one.title}, ${name}, block / bare**`, values, target: { most } }
        : { what: `${one.title}, ${name}, block / bare`, values },
    ];
  };
  return [...both("p50", "median", 0.85), ...both("p99", "99 %", 1)];
}

async function ages(kind: "zmtp" | "bare", one: Case, size: Size): Promise<Ages> {
  const { hops, perSecond } = one;
  const events = size.quick ? 500 : one.events;
  const warmUp = size.quick ? Math.min(500, one.warmUp) : one.warmUp;
  await using company = new Company();
  const sink = company.begin("latency-sink", { bytes: BYTES, events, warmUp });
  let { address } = await sink.word<{ address: string }>("ready");
  for (let hop = 0; hop < hops; hop += 1) {
    const forward = company.begin("zmtp-middle", { kind: kind === "zmtp" ? "block" : "bare", connect: address });
    ({ address } = await forward.word<{ address: string }>("ready"));
  }
  const pace = { bytes: BYTES, events, warmUp, perSecond, warmUpPerSecond: 5000 };
  const source = company.begin("paced-source", { connect: address, ...pace });
  const { perSecond: paced } = await source.word<{ perSecond: number }>("sent");
  if (paced < perSecond * 0.98) throw new Error(`bench: the source sent ${paced.toFixed(0)}/s, not ${perSecond}/s`);
  const { p50, p99 } = await sink.word<Ages>("done");
  await company.end();
  return { p50, p99 };
}
