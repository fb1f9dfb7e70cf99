import { compareIds, FIRST_ID } from "./entry-id.ts";
import type { Link } from "./link.ts";

/** What a server says of a stream. */
export interface StreamInfo {
  readonly length: number;
  /** The id of the newest entry there ever was. */
  readonly lastId: string;
  /** The id of the oldest entry that is still there. */
  readonly firstId: string | undefined;
  /** How many entries were ever added; undefined before Redis 7. */
  readonly added: number | undefined;
  /** What an entry takes there on average, in bytes; 0 where it is not told. */
  readonly averageBytes: number;
}

const NOTHING: StreamInfo = { length: 0, lastId: FIRST_ID, firstId: undefined, added: 0, averageBytes: 0 };

/** XINFO gives the first and the last entry whole, with their payloads: the script leaves them where they are. */
const SCRIPT = `local found = redis.pcall('XINFO', 'STREAM', KEYS[1])
if found.err then return {} end
local told = {}
for at = 1, #found, 2 do told[found[at]] = found[at + 1] end
local first = told['first-entry']
local used = redis.pcall('MEMORY', 'USAGE', KEYS[1])
return {tostring(told['length']), told['last-generated-id'], first and first[1] or '', tostring(told['entries-added'] or ''),
  type(used) == 'number' and tostring(used) or '0'}`;

/** Asks a server for what it knows of a stream; one that is not there yet is empty. */
export async function streamInfo(link: Link, stream: string): Promise<StreamInfo> {
  const answer = await link.call(["EVAL", SCRIPT, 1, stream]);
  const [length, lastId, firstId, added, used] = (Array.isArray(answer) ? answer : []).map(String);
  if (lastId === undefined) return NOTHING;
  return {
    length: Number(length),
    lastId,
    firstId: firstId === "" ? undefined : firstId,
    added: added === "" ? undefined : Number(added),
    averageBytes: Number(used) / Math.max(1, Number(length)),
  };
}

/**
 * Gives how many entries there were up to a position, where that is certain: before the oldest one that is left, and at
 * the end. What a reader counted less than this was trimmed or deleted before it came to it.
 */
export function countAt({ added, length, firstId, lastId }: StreamInfo, position: string): number | undefined {
  if (added === undefined) return undefined;
  if (compareIds(position, lastId) >= 0 || firstId === undefined) return added;
  return compareIds(firstId, position) > 0 ? added - length : undefined;
}
