import type { AnyMessage } from "../message.ts";
import { text } from "./envelope-fields.ts";

/** Runs that are remembered; the oldest is forgotten first. */
const MOST = 64;

/** Knows the streams of runs whose Start alone names it. */
export class StreamsOfRuns {
  readonly #streams = new Map<string, string>();

  /** Gives the stream of a message: what it says itself, otherwise what the Start of its run said. */
  of(message: AnyMessage, said: unknown): string | undefined {
    const { type, run } = message;
    const stream = said === undefined ? undefined : text(said, "stream");
    if (run === undefined) return stream;
    if (type === "start") this.#remember(run, stream);
    const known = stream ?? this.#streams.get(run);
    if (type === "stop") this.#streams.delete(run);
    return known;
  }

  #remember(run: string, stream: string | undefined): void {
    this.#streams.delete(run);
    if (stream === undefined) return;
    this.#streams.set(run, stream);
    if (this.#streams.size > MOST) this.#streams.delete(this.#streams.keys().next().value as string);
  }
}
