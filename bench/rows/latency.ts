import { Company } from "../company.ts";
import type { Findings, Line, Row, Size } from "../row.ts";
import { ratios } from "../spread.ts";
import { inTurns } from "../turns.ts";

interface Ages {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

const BYTES = 1000;
const HOPS = 3;
const MOST = 1.3;

/** Measures how old events are behind a chain of three processes, beside one of loops over bare sockets. */
export const latency: Row = { name: "latency", measure };

async function measure(size: Size): Promise<Findings> {
  const lines = [...(await atRate(size, 1000, 5000)), ...(await atRate(size, 5000, 20_000))];
  return {
    title: "Latency of a chain of three processes over ZeroMQ, 1 kB",
    method:
      "µs from `send` in a first process to `receive` in a last one, with three forwarders between them (PULL → PUSH over " +
      "tcp on this machine; five processes on these cores). Ours: three blocks, on the package zeromq (libzmq) and on our " +
      "own engine (zmtp, the default). Bare: three loops of zeromq.js. The " +
      "first 10 000 messages, at 5 000 a second, warm every process up and are not counted. Every event must come once " +
      "and in order.",
    lines,
  };
}

async function atRate(size: Size, perSecond: number, events: number): Promise<Line[]> {
  const counts = size.quick ? { events: 500, warmUp: 500 } : { events, warmUp: 10_000 };
  const found = await inTurns(size, {
    libzmq: () => chain("libzmq", perSecond, counts),
    zmtp: () => chain("zmtp", perSecond, counts),
    bare: () => chain("bare", perSecond, counts),
  });
  const of = (which: readonly Ages[], part: keyof Ages): number[] => which.map((ages) => ages[part]);
  const both = (part: keyof Ages, name: string, most?: number): Line[] => [
    { what: `${perSecond}/s, ${name}, libzmq`, values: of(found.libzmq, part) },
    { what: `${perSecond}/s, ${name}, zmtp`, values: of(found.zmtp, part) },
    { what: `${perSecond}/s, ${name}, bare`, values: of(found.bare, part) },
    {
      what: `**${perSecond}/s, ${name}, libzmq / bare**`,
      values: ratios(of(found.libzmq, part), of(found.bare, part)),
      ...(most === undefined ? {} : { target: { most } }),
    },
    { what: `${perSecond}/s, ${name}, zmtp / bare`, values: ratios(of(found.zmtp, part), of(found.bare, part)) },
  ];
  return [...both("p50", "median", MOST), ...both("p99", "99 %", MOST), ...both("p999", "99.9 %")];
}

async function chain(
  kind: "libzmq" | "zmtp" | "bare",
  perSecond: number,
  { events, warmUp }: { readonly events: number; readonly warmUp: number },
): Promise<Ages> {
  await using company = new Company();
  const sink = company.begin("latency-sink", { bytes: BYTES, events, warmUp });
  let { address } = await sink.word<{ address: string }>("ready");
  for (let hop = 0; hop < HOPS; hop += 1) {
    const forward = company.begin("zmq-forward", { kind, engine: kind, connect: address });
    ({ address } = await forward.word<{ address: string }>("ready"));
  }
  const pace = { bytes: BYTES, events, warmUp, perSecond, warmUpPerSecond: 5000 };
  const source = company.begin("paced-source", { connect: address, ...pace });
  const { perSecond: paced } = await source.word<{ perSecond: number }>("sent");
  if (paced < perSecond * 0.98) throw new Error(`bench: the source sent ${paced.toFixed(0)}/s, not ${perSecond}/s`);
  const ages = await sink.word<Ages>("done");
  await company.end();
  return { p50: ages.p50, p99: ages.p99, p999: ages.p999 };
}
