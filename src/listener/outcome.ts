import type { Delivery } from "../queue/delivery.ts";
import type { Tally } from "../runs/tally.ts";

/** Counts what became of a message that is settled. */
export function countOutcome(tally: Tally, { outcome, results, together, reason }: Delivery): void {
  if (outcome === "finished") {
    tally.finished += 1;
    if (results === 0) tally.filtered += 1;
    else if (together) tally.reduced += 1;
    return;
  }
  if (outcome === "dropped") tally.dropped += 1;
  else if (outcome === "dead") tally.dead += 1;
  else if (outcome !== "stopped") tally.failed += 1;
  tally.because(reason ?? outcome);
}
