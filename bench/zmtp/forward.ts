import type { Findings, Line, Row, Size } from "../row.ts";
import { ratios } from "../spread.ts";
import { inTurns } from "../turns.ts";
import { cForwarder } from "./c-forwarder.ts";
import { type Forwarded, forwarded, type Load } from "./forwarding.ts";

interface Case extends Load {
  readonly name: string;
  readonly title: string;
  /** What the block reaches at least, beside the bare loop. */
  readonly least: number;
  /** The same with reused frame buffers. */
  readonly leastReused?: number;
  /** What the block reaches at least, beside the loop in C. */
  readonly leastOfC?: number;
}

const MB = 1_000_000;
const CASES: readonly Case[] = [
  { name: "zmtp-100b", title: "100 bytes", bytes: 100, events: 600_000, warmUp: 200_000, least: 6, leastOfC: 0.75 },
  { name: "zmtp-1kb", title: "1 kB", bytes: 1_000, events: 400_000, warmUp: 100_000, least: 4 },
  { name: "zmtp-10kb", title: "10 kB", bytes: 10_000, events: 150_000, warmUp: 30_000, least: 1.4 },
  {
    name: "zmtp-1mb",
    title: "1 MB",
    bytes: MB,
    events: 4_000,
    warmUp: 500,
    least: 0.9,
    leastReused: 1.1,
    waiting: 16,
  },
  {
    name: "zmtp-8mb",
    title: "8 MB",
    bytes: 8 * MB,
    events: 500,
    warmUp: 60,
    least: 1,
    leastReused: 1.2,
    waiting: 8,
  },
];

/** Measures a block with our engine beside loops over sockets of libzmq, between two processes that are quicker. */
export const forward: readonly Row[] = CASES.map((one) => ({ name: one.name, measure: (size) => measure(one, size) }));

async function measure(one: Case, size: Size): Promise<Findings> {
  const c = cForwarder();
  const { program } = c;
  const isLarge = one.bytes >= MB;
  const found: Record<string, Forwarded[]> = await inTurns<Record<string, Forwarded>>(size, {
    block: () => forwarded({ kind: "block" }, one, size),
    bare: () => forwarded({ kind: "bare" }, one, size),
    ...(isLarge
      ? {
          reused: () => forwarded({ kind: "block", reuseBuffers: true }, one, size),
          plain: () => forwarded({ kind: "block", readInPlace: false }, one, size),
        }
      : {}),
    ...(program === undefined ? {} : { c: () => forwarded({ kind: "c", program }, one, size) }),
  });
  const rates = (which = ""): number[] =>
    (found[which] ?? []).map(({ perSecond }) => (isLarge ? (perSecond * one.bytes) / 1e9 : perSecond / 1000));
  const cpu = (which = ""): number[] => (found[which] ?? []).map(({ cpuUs }) => cpuUs);
  const unit = isLarge ? "GB/s" : "thousand messages/s";
  const names = new Map([
    ["block", "block"],
    ["reused", "block, reused buffers"],
    ["plain", "block, the common way of reading"],
    ["bare", "bare zeromq.js"],
    ["c", "libzmq in C"],
  ]);
  const there = [...names].filter(([which]) => found[which] !== undefined);
  const lines: Line[] = [
    ...there.map(([which, name]) => ({ what: `${name}, ${unit}`, values: rates(which) })),
    ...there.map(([which, name]) => ({ what: `${name}, CPU µs/message`, values: cpu(which) })),
    {
      what: "**block / bare zeromq.js**",
      values: ratios(rates("block"), rates("bare")),
      target: { least: one.least },
    },
  ];
  if (one.leastReused !== undefined) {
    lines.push({
      what: "**block, reused buffers / bare zeromq.js**",
      values: ratios(rates("reused"), rates("bare")),
      target: { least: one.leastReused },
    });
    const values = ratios(rates("plain"), rates("bare"));
    lines.push({ what: "block, the common way of reading / bare zeromq.js", values });
  }
  if (program !== undefined) {
    const values = ratios(rates("block"), rates("c"));
    if (one.leastOfC === undefined) lines.push({ what: "block / libzmq in C", values });
    else lines.push({ what: "**block / libzmq in C**", values, target: { least: one.leastOfC } });
  }
  return {
    title: `ZeroMQ, our own engine, PULL → pass-through → PUSH, ${one.title}`,
    method:
      "One process between two others over tcp on this machine; these two are sockets of our engine alone, which are " +
      "quicker than what is measured. A block with everything on (decode, runs, gaps, queue, encode, settle, account), " +
      "and beside it `for (;;) await push.send(await pull.receive())` over the package zeromq" +
      (program === undefined ? "" : ", and the same loop in C over libzmq") +
      ". The last process checks that every event comes once, in order, with its payload; the account must add up." +
      (c.missing === undefined ? "" : ` The loop in C was not measured: ${c.missing}.`),
    lines,
  };
}
