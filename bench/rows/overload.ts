import { Company } from "../company.ts";
import type { Findings, Row, Size } from "../row.ts";
import { inTurns } from "../turns.ts";
import {
  beginFlood,
  beginOverloaded,
  type Counts,
  type Ended,
  MB,
  OFFERED_PER_SECOND,
  QUEUE_BYTES,
  SOCKET_BYTES,
} from "./overloaded-block.ts";

const CONFIGURED_MB = (QUEUE_BYTES + SOCKET_BYTES) / MB;
const WORK_MS = 2000 / OFFERED_PER_SECOND;
/** Per cent; half of what is offered cannot be worked on, and some of it waits in the queues at the end. */
const LEFT_OUT_LEAST = 15;

interface Flooded {
  /** What the process grew to beyond its idle size, in MB. */
  readonly grownMB: number;
  readonly peakMB: number;
  readonly sent: number;
  readonly due: number;
  readonly worked: number;
  readonly dropped: number;
}

/** Measures memory under frames that come twice as fast as they are worked on. */
export const overload: Row = { name: "overload", measure };

async function measure(size: Size): Promise<Findings> {
  const seconds = size.quick ? 1.5 : 8;
  const found = await inTurns(size, {
    block: () => flooded("block", "block", seconds),
    drop: () => flooded("block", "drop-oldest", seconds),
    bare: () => flooded("bare", "block", seconds),
  });
  const grown = (which: readonly Flooded[]): number[] => which.map(({ grownMB }) => grownMB);
  const most = 2 * CONFIGURED_MB;
  const target = { most, text: `<= ${most} (twice what is configured)` };
  const share = (which: readonly Flooded[], part: (one: Flooded) => number): number[] =>
    which.map((one) => (100 * part(one)) / one.due);
  const heldBack = ({ due, sent }: Flooded): number => due - sent;
  const atLeast = { least: LEFT_OUT_LEAST };
  return {
    title: "Memory under overload: 8 MB frames, an operator half as fast as the source",
    method:
      `A source offers ${OFFERED_PER_SECOND} frames of 8 MB a second over ZeroMQ for ${seconds} s, the operator waits ` +
      `${WORK_MS.toFixed(0)} ms for each, as for a thread. Configured are ${CONFIGURED_MB} MB: ${QUEUE_BYTES / MB} for the block's queue, ` +
      `${SOCKET_BYTES / MB} for the socket. The figure is the largest resident memory less that of the same process before ` +
      "the first frame. Every frame that was sent must be in the account: worked on, or dropped and counted. Bare is a " +
      "loop of zeromq.js that does the same work, with the same bound on its socket and no queue.",
    lines: [
      { what: "**overflow: block, MB beyond idle**", values: grown(found.block), target },
      { what: "**overflow: drop-oldest, MB beyond idle**", values: grown(found.drop), target },
      { what: "bare, MB beyond idle", values: grown(found.bare) },
      {
        what: "**overflow: block, % of the offered frames that the source had to keep**",
        values: share(found.block, heldBack),
        target: { ...atLeast, text: `held back: >= ${LEFT_OUT_LEAST}` },
      },
      {
        what: "overflow: block, % dropped",
        values: share(found.block, ({ dropped }) => dropped),
        target: { most: 0, text: "0" },
      },
      {
        what: "**overflow: drop-oldest, % dropped and counted, or kept by the source**",
        values: share(found.drop, (one) => one.dropped + heldBack(one)),
        target: atLeast,
      },
    ],
  };
}

async function flooded(kind: "block" | "bare", overflow: string, seconds: number): Promise<Flooded> {
  await using company = new Company();
  const options = { kind, overflow, workMs: WORK_MS, drainMs: 25_000 };
  const { program, idleBytes, address } = await beginOverloaded(company, options);
  const source = beginFlood(company, address, seconds);
  const { sent, due } = await source.word<{ sent: number; due: number }>("flooded");
  await program.word("over");
  program.tell("end");
  const { peakBytes, worked, account } = await program.word<Ended>("ended");
  if (account !== undefined) checkCounts(account, sent, worked);
  else if (worked !== sent) throw new Error(`bench: ${sent} frames were sent, ${worked} came`);
  await company.end();
  const dropped = account?.dropped ?? 0;
  return { grownMB: (peakBytes - idleBytes) / MB, peakMB: peakBytes / MB, sent, due, worked, dropped };
}

function checkCounts(account: Counts, sent: number, worked: number): void {
  const { received, events, finished, dropped, failed, dead, left, lost } = account;
  const adds = received === finished + dropped + failed + dead + left && left === 0 && failed === 0 && lost === 0;
  if (adds && events === sent && worked + dropped === sent) return;
  throw new Error(`bench: ${sent} frames were sent and ${worked} worked on; the account: ${JSON.stringify(account)}`);
}
