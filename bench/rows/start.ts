import { Company } from "../company.ts";
import type { Findings, Line, Row, Size } from "../row.ts";
import { inTurns } from "../turns.ts";

interface Idle {
  readonly seconds: number;
  readonly residentMB: number;
}

const MOST_SECONDS = 0.35;
const MOST_MB = 75;

/** Measures what one block costs before it does anything. */
export const start: Row = { name: "start", measure };

async function measure(size: Size): Promise<Findings> {
  const idleMs = size.quick ? 200 : 2000;
  const found = await inTurns(size, {
    memory: () => idle("memory", idleMs),
    zmq: () => idle("zmq", idleMs),
    bare: () => idle("bare zmq", idleMs),
    node: () => idle("node", idleMs),
  });
  const seconds = (which: readonly Idle[]): number[] => which.map((one) => one.seconds);
  const resident = (which: readonly Idle[]): number[] => which.map((one) => one.residentMB);
  const lines: Line[] = [
    { what: "**memory block, s to ready**", values: seconds(found.memory), target: { most: MOST_SECONDS } },
    { what: "**ZeroMQ block, s to ready**", values: seconds(found.zmq), target: { most: MOST_SECONDS } },
    { what: "bare SUB and PUB, s to ready", values: seconds(found.bare) },
    { what: "node without anything, s", values: seconds(found.node) },
    { what: "**memory block, MB resident**", values: resident(found.memory), target: { most: MOST_MB } },
    { what: "**ZeroMQ block, MB resident**", values: resident(found.zmq), target: { most: MOST_MB } },
    { what: "bare SUB and PUB, MB resident", values: resident(found.bare) },
    { what: "node without anything, MB resident", values: resident(found.node) },
  ];
  return {
    title: "Start and idle memory of one block",
    method:
      "A process of its own: from the moment that it is started until the block is ready (listeners bound, publishers " +
      `open), and its resident memory after ${idleMs / 1000} s without work, in MB of 1 000 000 bytes. Beside it the bare ` +
      "sockets of the package zeromq, and Node alone.",
    lines,
  };
}

async function idle(kind: string, idleMs: number): Promise<Idle> {
  await using company = new Company();
  const program = company.begin("idle", { kind, idleMs });
  await program.word("ready");
  const seconds = (performance.now() - program.startedAt) / 1000;
  const { residentBytes } = await program.word<{ residentBytes: number }>("idle");
  await company.end();
  return { seconds, residentMB: residentBytes / 1e6 };
}
