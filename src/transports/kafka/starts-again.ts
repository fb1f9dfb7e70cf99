import type { Decoded, Hop } from "../../message/codec.ts";
import { Start } from "../../message/start.ts";

/** Makes a copy of a Start for a reader that goes on in the midst of its run, without the counters of its time. */
export function startAgain(decoded: Decoded): Decoded {
  const { message, stream, hop } = decoded;
  if (message.type !== "start") return decoded;
  const start = new Start(message.data, { ...message.envelope, resumed: true });
  const name = stream === undefined ? {} : { stream };
  if (hop === undefined) return { message: start, ...name };
  const { next: _atItsTime, left: _either, ...rest } = hop;
  return { message: start, ...name, hop: { ...rest, skipped: 0, copy: true } };
}

/** Leaves out of the counters of a Start or Stop those of partitions that were not read up to here. */
export function countersOf(hop: Hop, names: ReadonlySet<string>): Hop {
  const { next, left } = hop;
  if (next === undefined) return hop;
  const only = (counters: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
    new Map([...counters].filter(([name]) => names.has(name)));
  return { ...hop, next: only(next), ...(left === undefined ? {} : { left: only(left) }) };
}
