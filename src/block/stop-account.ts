import type { Account } from "../message/account.ts";
import type { AnyMessage } from "../message/message.ts";
import { Stop } from "../message/stop.ts";
import type { Holds } from "../operator/holds.ts";
import type { Outlet } from "../publisher/outlet.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Ledger } from "../runs/ledger.ts";

/**
 * Puts the account of the run at this block, and of the hops before it, on a Stop that leaves. Everything before it in
 * the run has left `process`, but other publishers may not have confirmed it yet: that counts as finished here.
 */
export function stopAccount(
  message: AnyMessage,
  delivery: Delivery | undefined,
  outlet: Outlet,
  block: string,
  ledger: Ledger,
  holds: Holds,
): AnyMessage {
  if (message.type !== "stop") return message;
  const stop: Stop = message;
  const run = delivery?.run;
  const counts = run === undefined ? ledger.counts() : run.tally.counts();
  const left = run === undefined ? counts.left : holds.countOf(run);
  const finished = counts.received - counts.dropped - counts.failed - counts.dead - left;
  const before = delivery?.message.type === "stop" ? delivery.message.account : undefined;
  const hops: readonly Account[] = before === undefined ? [] : [...before.hops, { ...before, hops: [] }];
  const sent = hops.length === 0 ? outlet.publisher.sentOf(stop.run) : [];
  const notSent = run === undefined ? 0 : outlet.notSentOf(run);
  const account: Account = {
    ...counts,
    finished,
    left,
    block,
    runs: [],
    hops,
    ...(sent.length === 0 ? {} : { sent }),
    ...(notSent === 0 ? {} : { notSent }),
  };
  return Stop.accounted(stop, account);
}
