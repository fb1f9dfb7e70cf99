import { createHash } from "node:crypto";
import type { Start } from "../../../message/start.ts";
import { LAYOUT } from "../format/layout.ts";
import { StoredTree } from "../reading/stored-tree.ts";

/** Names a Start by what does not change when it is given again. */
export function startOriginOf(start: Start<unknown>): string {
  const { run, timeMs, origin } = start.envelope;
  const facts = [run, timeMs, origin?.stream, origin?.partition, origin?.sequence];
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}

/** Tells whether a file is of the run with this Start; one that cannot be read is not. */
export async function isOfRun(path: string, startOrigin: string): Promise<boolean> {
  try {
    await using tree = await StoredTree.open(path);
    return (await tree.attributes("/entry")).get(LAYOUT.origin) === startOrigin;
  } catch {
    return false;
  }
}
