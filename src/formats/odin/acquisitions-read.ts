import { randomUUID } from "node:crypto";
import type { Decoded } from "../../message/codec.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";

/**
 * Makes runs of a stream that says nothing about their beginning and end: a run is what has one acquisition id, and it
 * is over when another one comes.
 */
export class AcquisitionsRead {
  #own: string | undefined;
  #run: string | undefined;

  /** Gives the run of an image, and the Stop and Start that go before it. */
  next(own: string | undefined): { readonly run: string; readonly before: readonly Decoded[] } {
    if (this.#run !== undefined && own === this.#own) return { run: this.#run, before: [] };
    const before: Decoded[] = [];
    if (this.#run !== undefined) before.push({ message: new Stop({}, { run: this.#run }) });
    const run = own ?? randomUUID();
    before.push({ message: new Start({}, { run }) });
    this.#own = own;
    this.#run = run;
    return { run, before };
  }
}
