import type { Settlement } from "../queue/settlement.ts";

/** Gives each of several messages from one wire message a settlement; the source is told once, when all are settled. */
export function sharedSettlement(settlement: Settlement, count: number): Settlement {
  let open = count;
  let nacked: "failed" | "stopped" | undefined;
  const settleOne = (): void | Promise<void> => {
    open -= 1;
    if (open > 0) return;
    return nacked === undefined ? settlement.ack() : settlement.nack(nacked);
  };
  return {
    ack: settleOne,
    nack(reason) {
      nacked ??= reason;
      return settleOne();
    },
  };
}
