import type { Watched } from "./watched.ts";

/** Says whether a process can do its work now, and why not. */
export interface Health {
  readonly isReady: boolean;
  readonly reasons: readonly string[];
}

/** A part in one of these states has its connection. */
const AWAY: ReadonlySet<string> = new Set(["starting", "connecting", "disconnected", "retrying", "failed"]);

/** Judges blocks: ready are those that run, are connected, and finish what they take in within `maxStallMs`. */
export function healthOf(blocks: readonly Watched[], nowMs: number, maxStallMs: number): Health {
  const reasons = blocks.flatMap((watched) => {
    const { block, states } = watched;
    const own = states.get("block");
    if (own !== undefined && own !== "starting") return [`${block.name}: is ${own}`];
    const parts = [...states].filter(([part, state]) => part !== "block" && AWAY.has(state));
    const away = parts.map(([part, state]) => `${block.name}: ${part}: ${state}`);
    const isConnected = [...states].some(([part, state]) => part !== "block" && !AWAY.has(state));
    if (away.length === 0 && !isConnected) away.push(`${block.name}: not connected yet`);
    const stalledMs = watched.stalledMs(nowMs);
    if (stalledMs > maxStallMs)
      away.push(`${block.name}: a message is unfinished for ${Math.floor(stalledMs / 1000)} s`);
    return away;
  });
  return { isReady: reasons.length === 0, reasons };
}
