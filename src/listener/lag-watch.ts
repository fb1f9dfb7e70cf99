import type { BlockEvents } from "../events.ts";
import type { AnyMessage } from "../message/message.ts";
import { type Inlet, platformInlet } from "./listener.ts";

/** Gives how many messages wait, by the partition; of a source without partitions under an empty name. */
export type AskLag = () => Promise<ReadonlyMap<string, number> | undefined>;

const EVERY_MS = 5_000;
/** After so many questions in a row that failed nothing more is asked: the user may not, or the source cannot tell. */
const MAX_FAILURES = 3;

/** Asks a source from time to time how many of its messages wait, and tells the inlet; a question that fails is no trouble. */
export class LagWatch {
  readonly #tell: ((waiting: ReadonlyMap<string, number>) => void) | undefined;
  readonly #ask: AskLag;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  #failures = 0;

  constructor(inlet: Inlet<AnyMessage>, ask: AskLag, everyMs: number = EVERY_MS) {
    const platform = platformInlet(inlet);
    this.#tell = platform?.lag?.bind(platform);
    this.#ask = ask;
    this.#everyMs = everyMs;
  }

  /** Begins to ask, now; asks nothing where nobody wants to know. */
  begin(): void {
    if (this.#tell !== undefined && !this.#isOver) void this.#look();
  }

  /** Asks nothing more. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      const waiting = await this.#ask();
      this.#failures = 0;
      if (waiting !== undefined && !this.#isOver) this.#tell?.(waiting);
    } catch {
      // Whoever reads the source learns what is wrong with it.
      this.#failures += 1;
      if (this.#failures === MAX_FAILURES) this.end();
    }
    if (!this.#isOver) this.#timer = setTimeout(() => void this.#look(), this.#everyMs).unref();
  }
}

/** Makes news of what waits at the source of a listener. */
export function lagNews(part: string, waiting: ReadonlyMap<string, number>): Omit<BlockEvents["lag"], "block"> {
  let messages = 0;
  for (const count of waiting.values()) messages += count;
  return { part, messages, ...(waiting.has("") ? {} : { partitions: Object.fromEntries(waiting) }) };
}
