import { Company } from "./company.ts";
import type { Findings, Row, Size } from "./row.ts";
import { ratios } from "./spread.ts";
import { inTurns } from "./turns.ts";

interface Case {
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
  readonly events: number;
  readonly warmUp: number;
  /** What the block with our engine reaches at least, beside the bare loop. */
  readonly least: number;
  /** Frames that may wait in each socket of libzmq; absent: as many as it allows by itself. */
  readonly waiting?: number;
}

interface Forwarded {
  readonly perSecond: number;
  readonly cpuUs: number;
}

const MB = 1_000_000;
const CASES: readonly Case[] = [
  { name: "zmtp-100b", title: "100 bytes", bytes: 100, events: 400_000, warmUp: 100_000, least: 2 },
  { name: "zmtp-1kb", title: "1 kB", bytes: 1_000, events: 400_000, warmUp: 100_000, least: 2 },
  { name: "zmtp-10kb", title: "10 kB", bytes: 10_000, events: 150_000, warmUp: 30_000, least: 1.2 },
  { name: "zmtp-1mb", title: "1 MB", bytes: MB, events: 4_000, warmUp: 500, least: 0.9, waiting: 16 },
  { name: "zmtp-8mb", title: "8 MB", bytes: 8 * MB, events: 500, warmUp: 60, least: 0.9, waiting: 8 },
];

/** Measures a block with each engine of ZeroMQ beside a loop over bare sockets, between two processes that are quicker. */
export const zmtpForward: readonly Row[] = CASES.map((one) => ({
  name: one.name,
  measure: (size) => measure(one, size),
}));

async function measure(one: Case, size: Size): Promise<Findings> {
  const found = await inTurns(size, {
    zmtp: () => forwarded("zmtp", one, size),
    libzmq: () => forwarded("libzmq", one, size),
    bare: () => forwarded("bare", one, size),
  });
  const isLarge = one.bytes >= MB;
  const rates = (which: readonly Forwarded[]): number[] =>
    which.map(({ perSecond }) => (isLarge ? (perSecond * one.bytes) / 1e9 : perSecond / 1000));
  const unit = isLarge ? "GB/s" : "thousand messages/s";
  const cpu = (which: readonly Forwarded[]): number[] => which.map(({ cpuUs }) => cpuUs);
  return {
    title: `ZeroMQ, our own engine, PULL → pass-through → PUSH, ${one.title}`,
    method:
      "One process between two others over tcp on this machine; these two are sockets of our engine alone, which are " +
      'quicker than what is measured. A block with `engine: "zmtp"`, one with `engine: "libzmq"`, and ' +
      "`for (;;) await push.send(await pull.receive())`. The last process checks that every event comes once, in " +
      "order, with its payload; the account must add up.",
    lines: [
      { what: `block, zmtp, ${unit}`, values: rates(found.zmtp) },
      { what: `block, libzmq, ${unit}`, values: rates(found.libzmq) },
      { what: `bare, ${unit}`, values: rates(found.bare) },
      { what: "block, zmtp, CPU µs/message", values: cpu(found.zmtp) },
      { what: "block, libzmq, CPU µs/message", values: cpu(found.libzmq) },
      { what: "bare, CPU µs/message", values: cpu(found.bare) },
      {
        what: "**zmtp / bare**",
        values: ratios(rates(found.zmtp), rates(found.bare)),
        target: { least: one.least },
      },
      { what: "zmtp / libzmq", values: ratios(rates(found.zmtp), rates(found.libzmq)) },
    ],
  };
}

async function forwarded(kind: "zmtp" | "libzmq" | "bare", one: Case, size: Size): Promise<Forwarded> {
  const { bytes } = one;
  const events = size.quick ? Math.ceil(one.events / 20) : one.events;
  const warmUp = size.quick ? Math.ceil(one.warmUp / 20) : one.warmUp;
  const highWaterMark = one.waiting;
  const bounds = one.waiting === undefined ? {} : { highWaterMark, messageBytes: bytes };
  await using company = new Company();
  const sink = company.begin("zmtp-sink", { bytes, events, warmUp });
  const { address: connect } = await sink.word<{ address: string }>("ready");
  const forward =
    kind === "bare"
      ? company.begin("zmq-forward", { kind, connect, ...bounds })
      : company.begin("zmq-forward", { kind: "block", engine: kind, connect, ...bounds });
  const { address } = await forward.word<{ address: string }>("ready");
  const source = company.begin("zmtp-source", { connect: address, bytes, events });
  await sink.word("warm");
  forward.tell("warm");
  await source.word("sent");
  const { perSecond } = await sink.word<{ perSecond: number }>("done");
  forward.tell("end");
  const { cpu, account } = await forward.word<{ cpu: NodeJS.CpuUsage; account?: Account }>("ended");
  if (account !== undefined) checkAccount(account, events + 2);
  await company.end();
  return { perSecond, cpuUs: (cpu.user + cpu.system) / (events - warmUp) };
}

interface Account {
  readonly received: number;
  readonly finished: number;
  readonly published: number;
  readonly lost: number | "unknown";
  readonly left: number;
  readonly rejected: number;
}

function checkAccount(account: Account, all: number): void {
  const { received, finished, published, lost, left, rejected } = account;
  const adds = received === all && finished === all && published === all && lost === 0 && left === 0 && rejected === 0;
  if (!adds) throw new Error(`bench: expected an account of ${all} messages, got ${JSON.stringify(account)}`);
}
