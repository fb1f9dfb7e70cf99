import { setTimeout as pause } from "node:timers/promises";
import type { Socket } from "zeromq";

const TRIES = 25;
const PAUSE_MS = 10;

/** Binds, also where another socket was closed just before: libzmq frees its address a moment later. */
export async function bindFreed(socket: Socket, address: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await socket.bind(address);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EADDRINUSE" || attempt === TRIES) throw error;
      await pause(PAUSE_MS);
    }
  }
}
