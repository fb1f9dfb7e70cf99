import { AssertionError } from "node:assert";
import { performance } from "node:perf_hooks";

/** The longest wait of a case for one condition, unless the subject says otherwise. */
export const PATIENCE_MS = 5_000;

/** Resolves when the condition holds; fails with what was waited for when it does not come true in time. */
export async function until(condition: () => boolean, what: string, patienceMs: number = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > deadline) throw late(what, patienceMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Gives what the promise gives; fails with what was waited for when it does not settle in time. */
export async function inTime<T>(
  promise: T | PromiseLike<T>,
  what: string,
  patienceMs: number = PATIENCE_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late(what, patienceMs)), patienceMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets everything run that is ready to run, several times over. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function late(what: string, patienceMs: number): AssertionError {
  return new AssertionError({ message: `waited ${patienceMs} ms for: ${what}` });
}
