import { randomUUID } from "node:crypto";
import type { Decoded } from "../codec.ts";
import { Start } from "../start.ts";

/** Is the run of a stream that knows nothing of runs: it begins with the first message, and ends with the source. */
export class OpenRun {
  #run: string | undefined;

  /** Gives the run of an event, and the Start that goes before the first one. */
  next(): { readonly run: string; readonly before: readonly Decoded[] } {
    if (this.#run !== undefined) return { run: this.#run, before: [] };
    this.#run = randomUUID();
    return { run: this.#run, before: [{ message: new Start({}, { run: this.#run }) }] };
  }
}
