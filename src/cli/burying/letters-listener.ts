import { DeadLettersError, text } from "../../errors.ts";
import { type Inlet, Listener, type Replay } from "../../listener/listener.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";
import type { Settlement } from "../../queue/settlement.ts";
import type { Placed } from "./letter-places.ts";

/** Is a letter whose bytes were read. */
export interface ReadLetter {
  readonly placed: Placed;
  readonly messages: readonly AnyMessage[];
}

/**
 * Brings letters in again, run by run. A run whose Start is not among them begins with one that is empty and says
 * `resumed`, and each ends with a Stop, so that an operator sees whole runs.
 */
export class LettersListener extends Listener<AnyMessage> {
  override readonly replay: Replay = "unacked";
  /** Letters that were finished. */
  readonly finished: Placed[] = [];
  readonly #letters: readonly ReadLetter[];

  constructor(letters: readonly ReadLetter[]) {
    super();
    this.#letters = letters;
  }

  override async start(inlet: Inlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    inlet.ready();
    for (const [run, letters] of byRuns(this.#letters)) {
      const types = new Set(letters.flatMap(({ messages }) => messages.map(({ type }) => type)));
      if (run !== undefined && !types.has("start")) await inlet.put(new Start({}, { run, resumed: true }));
      for (const { placed, messages } of letters) {
        if (signal.aborted) return;
        const settle = this.#settlement(placed, messages.length);
        for (const message of messages) await inlet.put(message, settle);
      }
      if (run !== undefined && !types.has("stop")) await inlet.put(new Stop({}, { run }));
    }
  }

  /** A letter is finished with the last of its messages. */
  #settlement(placed: Placed, messages: number): Settlement {
    let open = messages;
    return {
      ack: () => {
        open -= 1;
        if (open === 0) this.finished.push(placed);
      },
      nack: () => undefined,
    };
  }
}

/** Takes letters out of their stores. */
export async function drop(letters: readonly Placed[]): Promise<void> {
  for (const { store, summary } of letters) {
    try {
      await store.remove(summary.id);
    } catch (error) {
      throw new DeadLettersError(`dead-letters: ${summary.id}: cannot be dropped: ${text(error)}`, { cause: error });
    }
  }
}

function runOf({ placed, messages }: ReadLetter): string | undefined {
  return messages[0]?.run ?? placed.summary.run;
}

function byRuns(letters: readonly ReadLetter[]): ReadonlyMap<string | undefined, readonly ReadLetter[]> {
  const runs = new Map<string | undefined, ReadLetter[]>();
  for (const letter of letters) {
    const run = runOf(letter);
    const others = runs.get(run);
    if (others === undefined) runs.set(run, [letter]);
    else others.push(letter);
  }
  return runs;
}
