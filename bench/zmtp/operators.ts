import type { Findings, Row, Size } from "../row.ts";
import { ratios } from "../spread.ts";
import { inTurns } from "../turns.ts";
import { type Forwarded, forwarded } from "./forwarding.ts";

const LOAD = { bytes: 100, events: 400_000, warmUp: 150_000 };

/** Measures what operators that look at the metadata leave of the speed. */
export const operators: Row = { name: "zmtp-operators", measure };

async function measure(size: Size): Promise<Findings> {
  const found = await inTurns(size, {
    field: () => forwarded({ kind: "block", operator: "field" }, LOAD, size),
    metadata: () => forwarded({ kind: "block", operator: "metadata" }, LOAD, size),
    changes: () => forwarded({ kind: "block", operator: "changes" }, LOAD, size),
    async: () => forwarded({ kind: "block", operator: "async" }, LOAD, size),
    bare: () => forwarded({ kind: "bare" }, LOAD, size),
  });
  const rates = (which: readonly Forwarded[]): number[] => which.map(({ perSecond }) => perSecond / 1000);
  const beside = (which: readonly Forwarded[]): number[] => ratios(rates(which), rates(found.bare));
  return {
    title: "ZeroMQ, our own engine, PULL → operator → PUSH, 100 bytes",
    method:
      "As the row of 100 bytes above, with an operator: it reads one key of four by `event.field`, which scans the bytes; " +
      "the same key by `event.metadata`, which decodes them all; adds a key, so that the header is encoded anew; or is an " +
      "async function that does not wait. Bare zeromq.js does nothing with the frames. In thousand messages/s.",
    lines: [
      { what: "one key by `field`", values: rates(found.field) },
      { what: "one key by `metadata`", values: rates(found.metadata) },
      { what: "changes the metadata", values: rates(found.changes) },
      { what: "async", values: rates(found.async) },
      { what: "bare zeromq.js", values: rates(found.bare) },
      { what: "**one key by `field` / bare**", values: beside(found.field), target: { least: 6 } },
      { what: "**one key by `metadata` / bare**", values: beside(found.metadata), target: { least: 2.5 } },
      { what: "**changes the metadata / bare**", values: beside(found.changes), target: { least: 1.1 } },
      { what: "**async / bare**", values: beside(found.async), target: { least: 6 } },
    ],
  };
}
