import { ArroyoError, text } from "../../../src/errors.ts";
import type { Account, Counts } from "../../../src/message/account.ts";
import type { Message } from "../../../src/message/message.ts";
import type { Item } from "./plain-source.ts";
import type { ListenerPlan, Plan } from "./plan.ts";
import type { Delivered } from "./planned-publisher.ts";
import type { Scene } from "./play.ts";
import { contentOf, fromOf, keyOf, name, type SinkRecord } from "./records.ts";

/** Says how a block ended. */
export interface Ended {
  readonly account: Account;
  readonly error: unknown;
  readonly stopped: "no" | "drain" | "abandon";
  /** How many messages had been put by then. */
  readonly puts: number;
  /** True when it did not end in time. */
  readonly late: boolean;
}

/** What the largest message of a history costs. */
const LARGEST_BYTES = 428;

/** Looks at the bounds while a block runs. */
export function checkBounds({ plan, records, block, sinks }: Scene): void {
  const { overflow, maxMessages, maxBytes } = plan.block;
  const { queued, held, bytes, running, outgoing } = block.load;
  // Other policies let one event in where no other is queued; a call that runs may hold what left the queue for it.
  const most = maxMessages + plan.block.concurrency + (overflow === "block" ? 0 : 1);
  if (queued + held > most) records.violation(`${queued} queued and ${held} held, where ${maxMessages} may be`);
  // Where nothing is left out, only a message that is alone may be larger than the bound.
  if (overflow === "block" && bytes > Math.max(maxBytes, LARGEST_BYTES)) {
    records.violation(`${bytes} bytes in the queue, where ${maxBytes} may be`);
  }
  const out = sinks.reduce((sum, { publisher }) => {
    const { maxMessages: mostOut, overflow: policy } = publisher.delivered.plan;
    return sum + mostOut + (policy === "block" ? 0 : 1);
  }, 0);
  if (outgoing > out) records.violation(`${outgoing} results wait for publishers, where ${out} may`);
  if (running > plan.block.concurrency) records.violation(`${running} calls run, where ${plan.block.concurrency} may`);
}

/** Looks at everything after a block has ended. */
export function checkEnd(scene: Scene, ended: Ended, delivered: readonly Delivered[]): void {
  checkError(scene, ended);
  checkAccount(scene, ended);
  checkPublished(scene, ended);
  checkFiltered(scene, ended);
  checkSettlements(scene, ended);
  checkRunsEnded(scene, ended);
  for (const { record } of scene.sinks) checkSink(scene, record);
  checkLost(scene, ended);
  checkSums(scene, delivered);
  checkComplete(scene, ended);
}

function checkError({ plan, records }: Scene, { error }: Ended): void {
  if (error === undefined) return;
  const { onError } = plan.block;
  const code = error instanceof ArroyoError ? error.code : "";
  const refuses = plan.publishers.some(
    ({ faults, refusesOneOf }) => refusesOneOf > 0 || faults.some(({ fault }) => fault === "refuse"),
  );
  const breaksForGood = plan.publishers.some(
    ({ required, faults }) => required && faults.some(({ fault }) => fault === "fatal"),
  );
  const throws = plan.operator.kinds.some((kind) => kind === "throwing" || kind === "hanging");
  const garbage = plan.listeners.some(
    ({ kind, items }) => kind === "log" && items.some(({ what }) => what === "garbage"),
  );
  if (code === "PUBLISH" && ((onError === "fail" && refuses) || breaksForGood)) return;
  if (onError === "fail" && code === "PROCESS" && (throws || garbage)) return;
  records.violation(`the block failed: ${code} ${text(error)}`);
}

function checkAccount({ records, life, plan }: Scene, { account, late, puts: until }: Ended): void {
  for (const counts of [account, ...account.runs]) {
    const { received, finished, dropped, failed, dead, left, filtered, reduced } = counts;
    if (received !== finished + dropped + failed + dead + left) {
      records.violation(`an account does not add up: ${JSON.stringify(counts)}`);
    }
    const numbers = [received, finished, dropped, failed, dead, left, filtered, reduced, counts.published];
    if (numbers.some((number) => number < 0)) records.violation(`a count is negative: ${JSON.stringify(counts)}`);
    if (filtered + reduced > finished)
      records.violation(`more filtered and reduced than finished: ${JSON.stringify(counts)}`);
  }
  if (late) return;
  const puts = records.puts.slice(0, until).filter((put) => put.life === life);
  const times = (reason: string): number => account.reasons[reason] ?? 0;
  const controls = puts.filter(({ item }) => item.what === "control" || item.what === "alive").length;
  const garbage = puts.filter(({ item }) => item.what === "garbage").length;
  const apart = controls + garbage + times("copy of a Start") + times("duplicate");
  if (account.received !== puts.length - apart) {
    records.violation(`${puts.length} put, of which ${apart} count apart, but ${account.received} received`);
  }
  if (account.rejected !== garbage) records.violation(`${garbage} were garbage, but ${account.rejected} rejected`);
  if (plan.block.guarantee === "at-most-once" || plan.seed % 2 === 1) return;
  const acked = puts.filter(({ acks, item }) => acks > 0 && item.what !== "garbage").length;
  const { finished, dropped, failed, dead } = account;
  const refused = puts.filter((put) => put.nacks > 0 && put.item.what !== "garbage").length - account.left;
  if (plan.block.recover === "message" && acked !== finished + dropped + dead + failed - refused + apart - garbage) {
    records.violation(
      `${acked} acked, but ${finished} finished, ${dropped} dropped, ${dead} dead, ${failed} failed (${refused} refused), ${apart} apart`,
    );
  }
}

/** What was finished without a result is counted so, where it is one call's alone. */
function checkFiltered({ plan, records, life }: Scene, { account, error, stopped, late }: Ended): void {
  const { recover, guarantee } = plan.block;
  const alone = !plan.operator.kinds.some((kind) => kind.startsWith("batch"));
  const exact = alone && plan.seed % 2 === 0 && recover === "message" && guarantee === undefined;
  if (!exact || late || error !== undefined || stopped !== "no" || hangs(plan) || changes(plan)) return;
  const puts = records.puts.filter(
    (put) => put.life === life && put.seen && put.acks > 0 && !put.failed && !put.resumed,
  );
  const filtered = puts.filter(({ results }) => results.length === 0).length;
  if (records.puts.some(({ resumed }) => resumed)) return;
  if (filtered !== account.filtered) records.violation(`${filtered} had no result, but ${account.filtered} filtered`);
}

/** What is confirmed after nobody waits for it any more is in no count. */
function checkPublished({ plan, records, life }: Scene, { account, error, stopped, late }: Ended): void {
  const sinks = records.sinks.filter((sink) => sink.life === life);
  const counting = sinks.find(({ required }) => required) ?? sinks[0];
  if (late || counting === undefined || counting.repeats || changes(plan)) return;
  const confirmed = counting.confirmed.length;
  const mayBeLate = stopped !== "no" || error !== undefined || hangs(plan) || !counting.required;
  if (confirmed === account.published || (mayBeLate && confirmed > account.published)) return;
  records.violation(`the publisher confirmed ${confirmed}, but ${account.published} published`);
}

function checkSettlements({ records, plan, life }: Scene, { error, stopped, late }: Ended): void {
  if (late) return;
  for (const put of records.puts) {
    if (put.life !== life || !put.settles) continue;
    if (put.acks + put.nacks === 0) records.violation(`${name(put)} was never settled`);
    const may = error !== undefined || stopped !== "no" || plan.block.recover === "run" || hangs(plan) || changes(plan);
    if (put.nacks > 0 && !may && !put.item.id.startsWith("stray")) {
      records.violation(`${name(put)} was nacked, though nothing failed and nobody stopped`);
    }
  }
}

/** Tells whether something in a plan is answered by no more than a deadline. */
export function hangs({ publishers }: Plan): boolean {
  return publishers.some(({ faults }) => faults.some(({ fault }) => fault === "hang"));
}

/** Tells whether parts come and go while the block runs. */
function changes({ listeners, publishers }: Plan): boolean {
  return [...listeners, ...publishers].some(
    ({ stays: { fromMs, toMs } }) => fromMs !== undefined || toMs !== undefined,
  );
}

function breaks(plan: Plan): boolean {
  return plan.listeners.some((listener) => listener.breaks.length > 0);
}

/** Who got a Start gets a Stop, where the block had the time for it. */
function checkRunsEnded({ parts, records, plan }: Scene, { account, error, late }: Ended): void {
  if (late || error !== undefined || account.left > 0 || plan.block.recover === "run") return;
  if (plan.end.how === "abandon" || plan.end.deadlineMs < 1_000) return;
  for (const [index, { openRuns: open }] of parts.entries()) {
    if (index > 0 && (plan.operator.throwsAtLifecycle || plan.operator.kinds[0] === "batch-runs")) continue;
    for (const run of open) records.violation(`operator ${index} never got a Stop of run ${run}`);
  }
}

/** The run rule and the order hold for publishers too. */
function checkSink({ plan, records }: Scene, sink: SinkRecord): void {
  const { kinds, throwsAtLifecycle } = plan.operator;
  const open = new Set<string>();
  const last = new Map<string, number>();
  const ruled = !sink.torn && !kinds.includes("batch-runs") && !throwsAtLifecycle;
  if (sink.repeats) return;
  for (const message of sink.confirmed) {
    const { run } = message;
    if (run !== undefined && ruled) {
      const was = open.has(run);
      if (message.type === "start" ? was : !was) {
        records.violation(
          `a publisher got "${keyOf(message)}" of run ${run}, which was ${was ? "open" : "not open"} there`,
        );
      }
      if (message.type === "start") open.add(run);
      else if (message.type === "stop") open.delete(run);
    }
    if (plan.block.unordered || kinds.includes("batch-runs")) continue;
    if (message.type !== "start" || !message.resumed) checkOrder(message, last, records);
  }
}

/** Several results may be made from the same messages: the first of them says where a result belongs. */
function checkOrder(message: Message, last: Map<string, number>, records: Scene["records"]): void {
  const first = Math.min(...fromOf(message));
  const put = records.puts[first];
  // A sum stands for the events before its Stop.
  if (put === undefined || contentOf(message).sum !== undefined) return;
  const lane = `${put.listener} ${put.item.run} ${put.item.hop?.incarnation}`;
  const before = last.get(lane) ?? -1;
  if (first < before) {
    records.violation(`a publisher got "${keyOf(message)}" of put ${first} after put ${before} of the same run`);
  }
  last.set(lane, Math.max(before, first));
}

/** What a hop lost is known exactly, where all its lifecycle came. */
function checkLost({ plan, states, records, life }: Scene, { account, error, stopped, late }: Ended): void {
  if (late || error !== undefined || stopped !== "no" || life.number > 0 || breaks(plan)) return;
  const live = plan.listeners.filter(({ kind }) => kind === "live");
  if (live.length === 0 || live.some(({ clean }) => !clean) || plan.block.maxOpenRuns < 3) return;
  if (states.some(({ plan: { kind, items }, reached }) => kind === "live" && reached < items.length)) return;
  const lost = live.flatMap(({ items }) => items.filter((item) => item.lost === true)).length;
  // Nobody knows how much was sent of a run that was given up.
  if (account.lost === "unknown") return;
  if (account.lost !== lost) records.violation(`${lost} events were lost on the way, but ${account.lost} counted`);
  const skipped = live.reduce((sum, { items }) => sum + skippedOf(items), 0);
  if (account.droppedUpstream !== skipped) {
    records.violation(`${skipped} were left out upstream, but ${account.droppedUpstream} counted`);
  }
}

/** Adds up what a publisher left out, by what its Stops say. */
function skippedOf(items: readonly Item[]): number {
  return items.reduce((sum, { hop }) => sum + (hop?.sent ?? []).reduce((ofRun, { skipped }) => ofRun + skipped, 0), 0);
}

/** A sum at the end of a run is right: with the run as the unit, after any number of kills. */
function checkSums({ plan, records, life }: Scene, delivered: readonly Delivered[]): void {
  const { recover, overflow, guarantee, maxOpenRuns } = plan.block;
  if (plan.operator.kinds[0] !== "sum" || overflow !== "block" || guarantee !== undefined || maxOpenRuns < 3) return;
  if (recover === "message" && (life.number > 0 || breaks(plan))) return;
  const right = new Map<string, number>();
  for (const listener of plan.listeners) if (listener.clean && listener.kind !== "live") addSums(listener, right);
  for (const { messages } of delivered) {
    for (const message of messages) {
      const { sum, startId = "", from = [] } = contentOf(message);
      const expected = right.get(startId);
      // A Stop that was made by the platform ends a part of a run.
      if (sum === undefined || expected === undefined || from.length === 0 || sum === expected) continue;
      records.violation(`the sum of run ${message.run} came out as ${sum}, it is ${expected}`);
    }
  }
}

function addSums({ items }: ListenerPlan, right: Map<string, number>): void {
  const starts = new Map<string, string>();
  for (const { what, run = "", id, value } of items) {
    if (what === "start") {
      starts.set(run, id);
      right.set(id, 0);
    }
    const start = starts.get(run);
    if (what === "event" && start !== undefined) right.set(start, (right.get(start) ?? 0) + value);
  }
}

/** Where nothing went wrong, everything came out, and a log is committed to its end. */
function checkComplete({ plan, records, states, life }: Scene, { error, stopped, late }: Ended): void {
  if (late || error !== undefined || stopped !== "no" || hangs(plan) || plan.block.guarantee !== undefined) return;
  const { block, listeners } = plan;
  for (const [index, { clean, items, kind, acks, stays }] of listeners.entries()) {
    if (stays.fromMs !== undefined || stays.toMs !== undefined) continue;
    const state = states[index];
    if (kind === "log" && state !== undefined && acks === "well") {
      const open = !clean || openRuns(items);
      if (state.committed < items.length && (block.recover === "message" || !open)) {
        records.violation(`the log was committed up to ${state.committed} of ${items.length}`);
      }
    }
    if (!clean || block.overflow !== "block" || block.maxOpenRuns < 3) continue;
    for (const item of items) {
      if (item.lost === true || (item.what !== "event" && item.what !== "stop") || item.id.endsWith("+")) continue;
      const seen = records.puts.some((put) => put.item === item && put.seen && (kind === "log" || put.life === life));
      if (!seen) records.violation(`${item.what} ${item.id} never came to the operator`);
    }
  }
}

function openRuns(items: readonly Item[]): boolean {
  const open = new Set<string>();
  for (const { what, run = "" } of items) {
    if (what === "start") open.add(run);
    else if (what === "stop") open.delete(run);
  }
  return open.size > 0;
}

/** Gives the numbers of an account in short, for a report. */
export function shortCounts(counts: Counts): string {
  const { received, finished, dropped, failed, dead, left, published } = counts;
  return JSON.stringify({ received, finished, dropped, failed, dead, left, published });
}
