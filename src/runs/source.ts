import type { Run } from "./run.ts";

/** Is one life of one publisher, as a reader knows it. */
export class Source {
  /** The incarnation, or the stream's name in formats without one. */
  readonly key: string;
  stream: string;
  readonly runs: Map<string, Run> = new Map();
  /** True when silence of this source means that it is gone. */
  timed = false;
  /** When it was last heard, on the clock that runs only while we listen. */
  seenAt = 0;

  constructor(key: string, stream: string) {
    this.key = key;
    this.stream = stream;
  }
}
