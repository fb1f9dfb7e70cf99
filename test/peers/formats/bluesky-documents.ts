import type { Message } from "arroyojs";
import { seenIn } from "./seen.ts";

/** Is a document as a program of Bluesky says it. */
export type Named = readonly [name: string, document: Readonly<Record<string, unknown>>];

/** Gives the documents that messages of a run are, as a program of Bluesky says them. */
export function documentsOf(messages: readonly Message[], run: string): readonly unknown[] {
  return messages
    .filter((message) => message.run === run)
    .map((message) => {
      const { name, doc } = seenIn(message) as { name: string; doc: unknown };
      return [name, doc];
    });
}

/** Puts documents to the runs they belong to, by the links of event-model. */
export function runsOf(documents: readonly Named[]): ReadonlyMap<string, readonly Named[]> {
  const owner = new Map<unknown, string>();
  const runs = new Map<string, Named[]>();
  let open = "";
  for (const [name, document] of documents) {
    const own = document as Readonly<Record<string, string>>;
    if (name === "start") open = own["uid"] as string;
    const run = own["run_start"] ?? owner.get(own["descriptor"] ?? own["resource"]) ?? open;
    if (own["uid"] !== undefined) owner.set(own["uid"], run);
    const known = runs.get(run) ?? [];
    known.push([name, document]);
    runs.set(run, known);
  }
  return runs;
}
