import { UsageError } from "../errors.ts";
import type { AnyMessage, Message } from "../message/message.ts";
import { Stop, type StopReason } from "../message/stop.ts";
import type { Context, FlushReason, Result } from "./context.ts";
import { Operator } from "./operator.ts";

const WAIT_MS = 10_000;
const MAX_MERGED = 64;
const WORST: readonly StopReason[] = ["completed", "interrupted", "abandoned"];

interface Merged {
  started: number;
  readonly stops: Stop[];
  /** Set when the run went out; what comes later is left out. */
  over: boolean;
}

/**
 * Joins a run that arrives in parts over several streams, all under one run id: one Start, the events of all, and one
 * Stop when each stream delivered its own. A stream whose Stop does not come within `waitMs` after the first one is
 * waited for no longer; the run then ends `abandoned`.
 */
export function mergeRuns<M extends AnyMessage = Message>(options: {
  readonly streams: number;
  readonly waitMs?: number;
}): Operator<M, M> {
  return new MergeRuns(options.streams, options.waitMs ?? WAIT_MS) as unknown as Operator<M, M>;
}

class MergeRuns extends Operator<AnyMessage, AnyMessage> {
  override readonly mergesRuns = true;
  readonly #streams: number;
  readonly #waitMs: number;
  readonly #runs = new Map<string, Merged>();

  constructor(streams: number, waitMs: number) {
    super();
    if (!Number.isSafeInteger(streams) || streams < 1) {
      throw new UsageError(`mergeRuns: streams must be a whole number from 1 up, got ${streams}`);
    }
    if (!(waitMs > 0)) throw new UsageError(`mergeRuns: waitMs must be above 0, got ${waitMs}`);
    this.#streams = streams;
    this.#waitMs = waitMs;
  }

  override process(message: AnyMessage, context: Context): Result<AnyMessage> {
    if (message.run === undefined) return message;
    if (message.type === "start") return this.#begin(message.run) ? message : undefined;
    const merged = this.#runs.get(message.run);
    if (merged === undefined || merged.over) return undefined;
    if (message.type === "event") return message;
    merged.stops.push(message);
    context.hold();
    if (merged.stops.length < this.#streams) {
      context.flushIn(this.#waitMs);
      return undefined;
    }
    context.release();
    return this.#end(merged);
  }

  override flush(reason: FlushReason, context: Context): Result<AnyMessage> {
    const waiting = [...this.#runs.values()].filter(({ over, stops }) => !over && stops.length > 0);
    if (waiting.length === 0 || reason === "pressure") return undefined;
    context.release();
    return waiting.map((merged) => this.#end(merged, "abandoned"));
  }

  /** Tells whether this Start is the first of its run. */
  #begin(run: string): boolean {
    const merged = this.#runs.get(run);
    if (merged !== undefined && !(merged.over && merged.started >= this.#streams)) {
      merged.started += 1;
      return false;
    }
    this.#runs.delete(run);
    this.#runs.set(run, { started: 1, stops: [], over: false });
    if (this.#runs.size > MAX_MERGED) this.#forgetOldest();
    return true;
  }

  #end(merged: Merged, missing?: StopReason): Stop {
    merged.over = true;
    const reasons = merged.stops.map(({ reason }) => reason);
    if (missing !== undefined) reasons.push(missing);
    const reason = reasons.reduce((worst, one) => (WORST.indexOf(one) > WORST.indexOf(worst) ? one : worst));
    const last = merged.stops.at(-1) as Stop;
    return new Stop(last.data, { ...last.envelope, reason });
  }

  #forgetOldest(): void {
    for (const [run, { over }] of this.#runs) {
      if (!over) continue;
      this.#runs.delete(run);
      return;
    }
  }
}
