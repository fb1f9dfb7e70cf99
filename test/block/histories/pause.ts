import type { Clock } from "../../../src/time/clock.ts";
import { wait } from "../../../src/time/wait.ts";

/** Resolves when the time passed or the signal aborted. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) await new Promise<void>((resolve) => clock.after(ms, resolve));
  else await wait(clock, ms, signal);
}
