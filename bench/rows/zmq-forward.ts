import { type Account, checkAccount } from "../account.ts";
import { Company } from "../company.ts";
import type { Findings, Row, Size } from "../row.ts";
import { ratios } from "../spread.ts";
import { inTurns } from "../turns.ts";

interface Case {
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
  readonly events: number;
  readonly warmUp: number;
  readonly least: number;
  /** Frames that may wait in each socket; absent: as many as each side allows by itself. */
  readonly waiting?: number;
}

interface Forwarded {
  readonly perSecond: number;
  readonly cpuUs: number;
}

const MB = 1_000_000;
const CASES: readonly Case[] = [
  { name: "zmq-100b", title: "100 bytes", bytes: 100, events: 400_000, warmUp: 100_000, least: 0.8 },
  { name: "zmq-1mb", title: "1 MB", bytes: MB, events: 4_000, warmUp: 500, least: 0.95, waiting: 16 },
  { name: "zmq-8mb", title: "8 MB", bytes: 8 * MB, events: 500, warmUp: 60, least: 0.95, waiting: 8 },
];

/** Measures a block between two processes beside a loop over bare sockets, at several sizes. */
export const zmqForward: readonly Row[] = CASES.map((one) => ({
  name: one.name,
  measure: (size) => measure(one, size),
}));

async function measure(one: Case, size: Size): Promise<Findings> {
  const found = await inTurns(size, {
    libzmq: () => forwarded("libzmq", one, size),
    zmtp: () => forwarded("zmtp", one, size),
    bare: () => forwarded("bare", one, size),
  });
  const large = one.bytes >= MB;
  const rates = (which: readonly Forwarded[]): number[] =>
    which.map(({ perSecond }) => (large ? (perSecond * one.bytes) / 1e9 : perSecond / 1000));
  const unit = large ? "GB/s" : "thousand messages/s";
  const cpu = (which: readonly Forwarded[]): number[] => which.map(({ cpuUs }) => cpuUs);
  return {
    title: `ZeroMQ, PULL → pass-through → PUSH, ${one.title}`,
    method:
      "One process between two others over tcp on this machine, which use the package zeromq; native codec, header and " +
      "payload as two frames. Ours: a block (decode, runs, gaps, queue, operator, encode, settle, account), on the same " +
      "package (libzmq) and on our own engine (zmtp, the default). Bare, on the package: " +
      "`for (;;) await push.send(await pull.receive())`. " +
      (one.waiting === undefined ? "" : `On both, ${one.waiting} frames may wait in each socket. `) +
      "The last process checks that every event comes once, in order, with its payload; the account must add up.",
    lines: [
      { what: `block, libzmq, ${unit}`, values: rates(found.libzmq) },
      { what: `block, zmtp, ${unit}`, values: rates(found.zmtp) },
      { what: `bare, ${unit}`, values: rates(found.bare) },
      { what: "block, libzmq, CPU µs/message", values: cpu(found.libzmq) },
      { what: "block, zmtp, CPU µs/message", values: cpu(found.zmtp) },
      { what: "bare, CPU µs/message", values: cpu(found.bare) },
      {
        what: "**block, libzmq / bare**",
        values: ratios(rates(found.libzmq), rates(found.bare)),
        target: { least: one.least },
      },
      { what: "block, zmtp / bare", values: ratios(rates(found.zmtp), rates(found.bare)) },
    ],
  };
}

async function forwarded(kind: "libzmq" | "zmtp" | "bare", one: Case, size: Size): Promise<Forwarded> {
  const { bytes } = one;
  const events = size.quick ? Math.ceil(one.events / 20) : one.events;
  const warmUp = size.quick ? Math.ceil(one.warmUp / 20) : one.warmUp;
  const highWaterMark = one.waiting;
  const bounds = one.waiting === undefined ? {} : { highWaterMark, messageBytes: bytes };
  await using company = new Company();
  const sink = company.begin("zmq-sink", { bytes, events, warmUp, highWaterMark });
  const { address: connect } = await sink.word<{ address: string }>("ready");
  const forward = company.begin("zmq-forward", { kind, engine: kind, connect, ...bounds });
  const { address } = await forward.word<{ address: string }>("ready");
  const source = company.begin("zmq-source", { connect: address, bytes, events, highWaterMark });
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
