import type { Findings, Row, Size } from "../row.ts";
import { ratios } from "../spread.ts";
import { inTurns } from "../turns.ts";
import { type Forwarded, forwarded } from "./forwarding.ts";

const BYTES = 8_000_000;
const LOAD = { bytes: BYTES, events: 500, warmUp: 60, waiting: 8 };

/** Measures large frames in a process that keeps many objects, which make the collector's work long. */
export const liveObjects: Row = { name: "zmtp-live-objects", measure };

async function measure(size: Size): Promise<Findings> {
  const ballast = size.quick ? 50_000 : 1_000_000;
  const found = await inTurns(size, {
    block: () => forwarded({ kind: "block", ballast }, LOAD, size),
    reused: () => forwarded({ kind: "block", ballast, reuseBuffers: true }, LOAD, size),
    bare: () => forwarded({ kind: "bare", ballast }, LOAD, size),
  });
  const rates = (which: readonly Forwarded[]): number[] => which.map(({ perSecond }) => (perSecond * BYTES) / 1e9);
  return {
    title: "ZeroMQ, 8 MB frames beside a million live objects",
    method:
      "As the row of 8 MB above, in a process that holds a million objects: whenever memory outside of the heap makes the " +
      "collector look at everything, it walks over them. In GB/s.",
    lines: [
      { what: "block", values: rates(found.block) },
      { what: "block, reused buffers", values: rates(found.reused) },
      { what: "bare zeromq.js", values: rates(found.bare) },
      { what: "**block / bare**", values: ratios(rates(found.block), rates(found.bare)), target: { least: 1.8 } },
      { what: "block, reused buffers / bare", values: ratios(rates(found.reused), rates(found.bare)) },
    ],
  };
}
