import assert from "node:assert/strict";
import { turns } from "./until.ts";

/** Kinds of resources that stand for a connection, a name look-up or a file. */
const OUTSIDE = /TCP|Pipe|UDP|TLS|GetAddrInfo|FS|Process|Message/;

/** Fails when what is made opens anything to the outside. */
export async function assertNoInputOutput(make: () => unknown): Promise<void> {
  const before = count();
  const made = make();
  assert.notEqual(made, undefined, "nothing was made");
  assertNoMore(before);
  // What a constructor asks for may be opened in a later turn.
  await turns(2);
  assertNoMore(before);
}

function assertNoMore(before: ReadonlyMap<string, number>): void {
  for (const [kind, number] of count()) {
    const earlier = before.get(kind) ?? 0;
    assert.ok(number <= earlier, `the constructor opened ${number - earlier} of ${kind}; open them in start or open`);
  }
}

function count(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (OUTSIDE.test(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
