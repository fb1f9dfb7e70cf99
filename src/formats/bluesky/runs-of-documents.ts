import { randomUUID } from "node:crypto";
import type { Document } from "../../message/documents/index.ts";

/** Descriptors and resources, and runs, that are remembered; the oldest is forgotten first. */
const MOST_LINKS = 4096;
const MOST_RUNS = 64;

/**
 * Knows to which run a document belongs. Descriptors and resources name it; what links to them does not. Whoever joins
 * in the middle has not seen them: those documents belong to the only run that is open, otherwise to one of a made-up id.
 */
export class RunsOfDocuments {
  readonly #linked = new Map<string, string>();
  readonly #open = new Set<string>();
  #joined: string | undefined;

  /** Takes note of a start. */
  started(run: string): void {
    this.#open.delete(run);
    this.#open.add(run);
    forgetOldest(this.#open, MOST_RUNS);
  }

  /** Gives the run that a stop ends: the made-up one where nothing else was seen of this. */
  stopped(run: string): string {
    if (this.#open.delete(run) || this.#joined === undefined) return run;
    const joined = this.#joined;
    this.#joined = undefined;
    return joined;
  }

  /** Gives the run of any other document. */
  of(document: Document): string {
    const { run_start: start, uid } = document;
    const link = linkOf(document);
    if (typeof start === "string" && start !== "") {
      if (!this.#open.has(start)) this.started(start);
      if (typeof uid === "string") this.#remember(uid, start);
      return start;
    }
    const known = link === undefined ? undefined : this.#linked.get(link);
    const run = known ?? this.#likely();
    if (link !== undefined) this.#remember(link, run);
    // A resource without a run of its own links to nothing, and data link to it.
    else if (typeof uid === "string") this.#remember(uid, run);
    return run;
  }

  /** Tells whether the document was seen to which another one links: then all that belongs to it should have come. */
  knows(link: string): boolean {
    return this.#linked.has(link);
  }

  #likely(): string {
    const [only, ...others] = this.#open;
    if (only !== undefined && others.length === 0) return only;
    this.#joined ??= randomUUID();
    return this.#joined;
  }

  #remember(link: string, run: string): void {
    this.#linked.delete(link);
    this.#linked.set(link, run);
    forgetOldest(this.#linked, MOST_LINKS);
  }
}

function linkOf({ descriptor, resource, stream_resource: streamResource }: Document): string | undefined {
  return [descriptor, resource, streamResource].find((link) => typeof link === "string") as string | undefined;
}

function forgetOldest(known: { readonly size: number } & (Map<string, string> | Set<string>), most: number): void {
  if (known.size > most) known.delete(known.keys().next().value as string);
}
