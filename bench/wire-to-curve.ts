import { Company } from "./company.ts";
import { Program } from "./program.ts";
import type { Findings, Row, Size } from "./row.ts";
import { ratios } from "./spread.ts";
import { inTurns } from "./turns.ts";

const THREADS = 2;

interface Curves {
  readonly perSecond: number;
  /** Of the process that makes the curves, for each frame. */
  readonly cpuMs: number;
}

interface FromWire extends Curves {
  readonly senderMs: number;
  readonly frameBytes: number;
}

/** Measures a detector's frames from its socket to their curves, beside the same work on frames in memory. */
export const wireToCurve: Row = { name: "wire-to-curve", measure };

async function measure(size: Size): Promise<Findings> {
  const events = size.quick ? 60 : 1000;
  const warmUp = size.quick ? 20 : 200;
  const found = await inTurns(size, {
    wire: () => fromWire(events, warmUp),
    memory: async (): Promise<Curves> => {
      await using program = new Program("curve-memory", { threads: THREADS, events, warmUp: warmUp / 2 });
      return await program.word<Curves>("done");
    },
  });
  const rates = (which: readonly Curves[]): number[] => which.map(({ perSecond }) => perSecond);
  return {
    title: "From the wire to curves: DECTRIS stream version 2, frames of 4 million pixels, two threads",
    method:
      "A detector in a process of its own pushes frames of 32-bit counts, bitshuffle and LZ4, over tcp on this machine; a " +
      "block reads them, decompresses and integrates them in two threads (`parallel`, `AzimuthalIntegration`, 1000 bins). " +
      "Beside it two bare threads that decompress and integrate the same frames, which lie in memory that they share. " +
      "Every curve is compared, those of the block come in order. With two cores the detector and the main thread take " +
      "their share from the two threads.",
    lines: [
      { what: "from the wire, frames/s", values: rates(found.wire) },
      { what: "from memory, frames/s", values: rates(found.memory) },
      { what: "block, CPU ms/frame", values: found.wire.map(({ cpuMs }) => cpuMs) },
      { what: "bare threads, CPU ms/frame", values: found.memory.map(({ cpuMs }) => cpuMs) },
      { what: "detector, CPU ms/frame", values: found.wire.map(({ senderMs }) => senderMs) },
      { what: "MB/frame on the wire", values: found.wire.map(({ frameBytes }) => frameBytes / 1e6) },
      {
        what: "**from the wire / from memory**",
        values: ratios(rates(found.wire), rates(found.memory)),
        target: { least: 0.6 },
      },
    ],
  };
}

async function fromWire(events: number, warmUp: number): Promise<FromWire> {
  await using company = new Company();
  const block = company.begin("curve-block", { threads: THREADS, events, warmUp });
  const { address } = await block.word<{ address: string }>("ready");
  const source = company.begin("curve-source", { connect: address, events });
  const { cpuMs: senderMs, frameBytes } = await source.word<{ cpuMs: number; frameBytes: number }>("sent");
  const { perSecond, cpuMs } = await block.word<Curves>("done");
  block.tell("end");
  const { account } = await block.word<{ account: Record<string, unknown> }>("ended");
  const { received, finished, lost, left, rejected } = account;
  if (received !== events + 2 || finished !== events + 2 || lost !== 0 || left !== 0 || rejected !== 0) {
    throw new Error(`bench: expected an account of ${events + 2} messages, got ${JSON.stringify(account)}`);
  }
  await company.end();
  return { perSecond, cpuMs, senderMs, frameBytes };
}
