import { RejectedError } from "../../errors.ts";
import type { Codec, Decoded } from "../../message/codec.ts";
import type { Limits } from "../../message/limits.ts";
import { isHeader, KIND } from "../../message/native/prelude.ts";

interface Opened {
  readonly id: string;
  /** The number of its Stop among what was tracked; undefined while it is open. */
  stop: number | undefined;
  /** The number of its Start; negative for one of before. */
  readonly start: number;
}

/** More open runs than this are not followed; blocks keep fewer. */
const MAX_RUNS = 1024;

/** Follows, beside the inlet, at which positions the Starts of open runs stand. */
export class RunPositions {
  readonly #read: (frames: readonly Uint8Array[]) => readonly Decoded[];
  readonly #isNative: boolean;
  readonly #open = new Map<string, Opened>();
  readonly #ended: Opened[] = [];

  constructor(codec: Codec, isNative: boolean, limits: Limits) {
    this.#read = codec.reader(limits);
    this.#isNative = isNative;
  }

  /** Takes over Starts that were open where the reading begins. */
  begin(starts: readonly { readonly id: string; readonly frames: readonly Uint8Array[] | undefined }[]): void {
    for (const { id, frames } of starts) {
      const found = frames === undefined ? [] : this.#decoded(frames);
      const key = found.map(runKey).find((one) => one !== undefined) ?? id;
      this.#open.set(key, { id, start: -1, stop: undefined });
    }
  }

  /** Looks at an entry; `number` is its place among what was tracked. */
  look(id: string, frames: readonly Uint8Array[], number: number): void {
    const [first] = frames;
    // Of the native form a byte tells; of others only the reader knows.
    if (this.#isNative && first !== undefined && isHeader(first) && first[4] === KIND.event) return;
    for (const decoded of this.#decoded(frames)) {
      const key = runKey(decoded);
      if (key === undefined) continue;
      const before = this.#open.get(key);
      this.#open.delete(key);
      if (before !== undefined) {
        before.stop = number;
        this.#ended.push(before);
      }
      if (decoded.message.type !== "start") continue;
      this.#open.set(key, { id, start: number, stop: undefined });
      if (this.#open.size > MAX_RUNS) this.#open.delete(this.#open.keys().next().value as string);
    }
  }

  /** Gives the ids of the Starts whose runs are open when everything up to a number is finished. */
  openAt(number: number): readonly string[] {
    while (this.#ended.length > 0 && (this.#ended[0]?.stop as number) <= number) this.#ended.shift();
    const open = [...this.#ended, ...this.#open.values()].filter(({ start }) => start <= number);
    return open.map(({ id }) => id);
  }

  #decoded(frames: readonly Uint8Array[]): readonly Decoded[] {
    try {
      return this.#read(frames);
    } catch (error) {
      // The inlet will say so.
      if (error instanceof RejectedError) return [];
      throw error;
    }
  }
}

function runKey({ message, hop }: Decoded): string | undefined {
  if (message.type === "event") return undefined;
  return `${hop?.incarnation ?? ""} ${message.run}`;
}
