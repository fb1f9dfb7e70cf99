import { AbortedError } from "../../errors.ts";

/** How long a clean end is waited for. */
const CLOSE_MS = 3_000;

/** Waits for the end of something, but not for ever, and not for how it ends. */
export async function inTime(promise: Promise<unknown>, ms: number = CLOSE_MS): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise.catch(() => undefined), late]);
  clearTimeout(timer);
}

/** Resolves as the promise does, or throws when the signal aborts first. */
export async function untilAborted<T>(subject: string, promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new AbortedError(subject));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
    promise.catch(() => undefined);
  }
}

/** Never resolves; rejects as the promise does. */
export function rejectionOf(promise: Promise<unknown>): Promise<never> {
  return new Promise((_resolve, reject) => {
    promise.catch(reject);
  });
}
