import type { LifecycleReader } from "./starts-again.ts";

interface Opened {
  readonly body: Uint8Array;
  readonly start: number;
  /** The offset of its Stop; undefined while it is open. */
  stop: number | undefined;
}

/** More open runs than this are not followed; blocks keep fewer. */
const MAX_RUNS = 64;

/** Follows, beside the inlet, which runs are open at which offset, and keeps the bytes of their Starts. */
export class OpenStarts {
  readonly #reader: LifecycleReader;
  readonly #open = new Map<string, Opened>();
  readonly #ended: Opened[] = [];

  constructor(reader: LifecycleReader) {
    this.#reader = reader;
  }

  /** Takes over the Starts of runs that are open where the reading begins. */
  begin(bodies: readonly Uint8Array[]): void {
    for (const body of bodies) this.look(-1, [body]);
  }

  /** Looks at a message; offsets rise. */
  look(offset: number, frames: readonly Uint8Array[]): void {
    for (const { message, hop } of this.#reader.look(frames)) {
      if (message.type === "event") continue;
      const key = `${hop?.incarnation ?? ""} ${message.run}`;
      const before = this.#open.get(key);
      this.#open.delete(key);
      if (before !== undefined) {
        before.stop = offset;
        this.#ended.push(before);
      }
      if (message.type !== "start") continue;
      // The received buffer is larger than the one message that is kept.
      const body = Buffer.from(frames[frames.length - 1] as Uint8Array);
      this.#open.set(key, { body, start: offset, stop: undefined });
      if (this.#open.size > MAX_RUNS) this.#open.delete(this.#open.keys().next().value as string);
    }
  }

  /** Gives the Starts of the runs that are open when everything up to an offset is finished; offsets rise. */
  openAt(offset: number): readonly Uint8Array[] {
    while (this.#ended.length > 0 && (this.#ended[0]?.stop as number) <= offset) this.#ended.shift();
    return [...this.#ended, ...this.#open.values()].filter(({ start }) => start <= offset).map(({ body }) => body);
  }
}
