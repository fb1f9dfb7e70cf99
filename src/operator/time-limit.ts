import { TimedOutError } from "../errors.ts";
import type { Clock } from "../time/clock.ts";
import type { Call } from "./call.ts";

/** Says how long a call may take. */
export interface TimeLimit {
  readonly operator: object;
  readonly clock: Clock;
  readonly processTimeoutMs: number | undefined;
  /** Aborts when calls that still run are waited for no longer: then no limit holds any more. */
  readonly signal: AbortSignal;
}

/** Waits for what a call gives, and aborts the call when that takes too long. */
export function limited<T>(call: Call, later: Promise<T>, limit: TimeLimit): Promise<T> {
  const { operator, clock, processTimeoutMs, signal } = limit;
  if (processTimeoutMs === undefined || signal.aborted) return later;
  return new Promise((resolve, reject) => {
    let cancel: (() => void) | undefined;
    let ended = false;
    const end = (): void => {
      ended = true;
      signal.removeEventListener("abort", end);
      cancel?.();
    };
    signal.addEventListener("abort", end, { once: true });
    const expire = (): void => {
      signal.removeEventListener("abort", end);
      const error = new TimedOutError(
        `${operator.constructor.name}.process`,
        processTimeoutMs,
        "raise processTimeoutMs, or make it quicker",
      );
      call.abort(error);
      reject(error);
    };
    const begin = (): void => {
      if (!ended) cancel = clock.after(processTimeoutMs, expire);
    };
    if (call.begins === undefined) begin();
    else void call.begins.then(begin);
    later.then(resolve, reject).finally(end);
  });
}
