import type { Link } from "./link.ts";

/** What a server allows and keeps, as far as it says. */
export interface ServerLimits {
  /** The longest value, in bytes: `proto-max-bulk-len`. */
  readonly maxBulkBytes: number;
  /** How much may wait for a subscriber, in bytes, 0 for any: `client-output-buffer-limit pubsub`. */
  readonly subscriberBytes: number;
  /** The same over a time: so many bytes for so many seconds. */
  readonly subscriberSoftBytes: number;
  /** Whether what is written is on disk: `appendonly`. */
  readonly isDurable: boolean;
  /** What it does when its memory is full: `maxmemory-policy`. */
  readonly evicts: string;
  /** False where it does not tell: then these are the usual values. */
  readonly isTold: boolean;
}

const USUAL: ServerLimits = {
  maxBulkBytes: 512 * 1024 * 1024,
  subscriberBytes: 32 * 1024 * 1024,
  subscriberSoftBytes: 8 * 1024 * 1024,
  isDurable: true,
  evicts: "noeviction",
  isTold: false,
};
const NAMES = ["proto-max-bulk-len", "client-output-buffer-limit", "appendonly", "maxmemory-policy"] as const;

/** Asks a server for its limits; those that it does not tell are the usual ones. */
export async function serverLimits(link: Link): Promise<ServerLimits> {
  const answers = await link.callAll(
    NAMES.map((name) => ["CONFIG", "GET", name]),
    "give",
  );
  const told = new Map<string, string>();
  for (const answer of answers) {
    if (!Array.isArray(answer)) continue;
    for (let at = 0; at + 1 < answer.length; at += 2) told.set(String(answer[at]), String(answer[at + 1]));
  }
  if (told.size === 0) return USUAL;
  const [hard = USUAL.subscriberBytes, soft = USUAL.subscriberSoftBytes] =
    /pubsub (\d+) (\d+)/
      .exec(told.get("client-output-buffer-limit") ?? "")
      ?.slice(1)
      .map(Number) ?? [];
  return {
    maxBulkBytes: Number(told.get("proto-max-bulk-len") ?? USUAL.maxBulkBytes),
    subscriberBytes: hard,
    subscriberSoftBytes: soft,
    isDurable: told.get("appendonly") !== "no",
    evicts: told.get("maxmemory-policy") ?? USUAL.evicts,
    isTold: true,
  };
}

/** Names what of a server's limits can lose messages of pub/sub. */
export function pubSubWarnings(limits: ServerLimits, largestBytes: number): string[] {
  const { subscriberBytes, subscriberSoftBytes } = limits;
  const smallest = Math.min(...[subscriberBytes, subscriberSoftBytes].filter((bytes) => bytes > 0));
  if (smallest >= largestBytes) return [];
  return [
    `client-output-buffer-limit pubsub is ${subscriberBytes} ${subscriberSoftBytes}: a subscriber that is behind by ` +
      `more is cut off, and one message may have ${largestBytes} bytes here; set it with: ` +
      `CONFIG SET client-output-buffer-limit "pubsub ${largestBytes * 4} 0 0"${limits.isTold ? "" : NOT_TOLD}`,
  ];
}

/** Names what of a server's limits can lose entries of a stream that were confirmed. */
export function streamWarnings({ isDurable, evicts, isTold }: ServerLimits): string[] {
  const warnings: string[] = [];
  if (!isTold) warnings.push("the server does not tell its limits (CONFIG GET); the usual ones are assumed");
  if (!isDurable) {
    warnings.push(
      "appendonly is no: what was confirmed is gone when the server dies; set it with: CONFIG SET appendonly yes",
    );
  }
  if (evicts.startsWith("allkeys")) {
    warnings.push(
      `maxmemory-policy is ${evicts}: when its memory is full the server may delete the whole stream; set it with: ` +
        "CONFIG SET maxmemory-policy noeviction",
    );
  }
  return warnings;
}

const NOT_TOLD = " (the server does not tell it; this is the usual value)";
