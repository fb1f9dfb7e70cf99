import type { Delivery } from "../queue/delivery.ts";
import type { Run } from "../runs/run.ts";
import type { Call } from "./call.ts";

/**
 * Tells whether a message has to wait for the calls that run: Start and Stop wait for what is in process of their run,
 * and everything of the run waits for them. `mergesRuns`: runs of the same id are one, whatever stream they came in.
 */
export function mustWait(delivery: Delivery, calls: readonly Call[], mergesRuns: boolean): boolean {
  if (calls.length === 0 || delivery.run === undefined) return false;
  const { run } = delivery;
  const isBarrier = delivery.kind !== "event";
  return calls.some(
    ({ delivery: other }) => isSame(run, other?.run, mergesRuns) && (isBarrier || other?.kind !== "event"),
  );
}

/** A run that begins anew waits for the Stop of the one before it. */
function isSame(run: Run, other: Run | undefined, mergesRuns: boolean): boolean {
  if (other === undefined || run === other) return run === other;
  return run.id === other.id && (run.stream === other.stream || mergesRuns);
}
