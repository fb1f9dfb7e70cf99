import { Company } from "../company.ts";
import type { Findings, Row, Size } from "../row.ts";
import {
  beginFlood,
  beginOverloaded,
  type Ended,
  MB,
  OFFERED_PER_SECOND,
  QUEUE_BYTES,
} from "../rows/overloaded-block.ts";
import { inTurns } from "../turns.ts";

const WORK_MS = 2000 / OFFERED_PER_SECOND;
const SOCKET_BYTES = 32 * MB;
const MOST_MB = (1.2 * (QUEUE_BYTES + SOCKET_BYTES)) / MB;

/** Measures memory under overload when the buffers of frames are used again. */
export const zmtpOverload: Row = { name: "zmtp-overload", measure };

async function measure(size: Size): Promise<Findings> {
  const seconds = size.quick ? 1.5 : 8;
  const found = await inTurns(size, {
    block: () => grownMB("block", true, seconds),
    drop: () => grownMB("drop-oldest", true, seconds),
    fresh: () => grownMB("block", false, seconds),
  });
  const target = { most: MOST_MB, text: `<= ${MOST_MB.toFixed(0)} (what is configured + 20 %)` };
  return {
    title: "Memory under overload, our own engine with reused buffers",
    method:
      `As the row above: ${OFFERED_PER_SECOND} frames of 8 MB a second over ZeroMQ for ${seconds} s, an operator that ` +
      "works on half of them. The figure is the largest resident memory less that of the same process before the first " +
      "frame. Every frame that was sent must be in the account.",
    lines: [
      { what: "**overflow: block, reused, MB beyond idle**", values: found.block, target },
      { what: "**overflow: drop-oldest, reused, MB beyond idle**", values: found.drop, target },
      { what: "overflow: block, a buffer for each frame, MB beyond idle", values: found.fresh },
    ],
  };
}

async function grownMB(overflow: string, reuseBuffers: boolean, seconds: number): Promise<number> {
  await using company = new Company();
  const options = { kind: "block", overflow, workMs: WORK_MS, drainMs: 25_000, reuseBuffers };
  const { program, idleBytes, address } = await beginOverloaded(company, options);
  const source = beginFlood(company, address, seconds);
  const { sent } = await source.word<{ sent: number }>("flooded");
  await program.word("over");
  program.tell("end");
  const { peakBytes, worked, account } = await program.word<Ended>("ended");
  const isWhole = account !== undefined && account.events === sent && worked + account.dropped === sent;
  if (!isWhole || account.lost !== 0) {
    throw new Error(`bench: ${sent} frames were sent and ${worked} worked on; the account: ${JSON.stringify(account)}`);
  }
  await company.end();
  return (peakBytes - idleBytes) / MB;
}
