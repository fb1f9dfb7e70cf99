import { setTimeout as pause } from "node:timers/promises";

const TRIES = 25;
const PAUSE_MS = 10;

/** Binds, also where another socket was closed just before: libzmq frees its address a moment later than it closes. */
export async function bindFreed(bind: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await bind();
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EADDRINUSE" || attempt === TRIES) throw error;
      await pause(PAUSE_MS);
    }
  }
}
