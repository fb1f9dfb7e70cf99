import { Event, type Message, Operator } from "arroyojs";

/** How many events one sum is made of. */
export const BATCH = 7;

/** Is a result: the sum of so many events of a run, or the mean of all. */
export interface Sum {
  readonly run: string;
  readonly result: "batch" | "mean";
  /** Which batch of the run. */
  readonly number: number;
  readonly value: number;
}

interface State {
  count: number;
  mean: number;
  batch: number;
  sum: number;
}

/** Reads the number that the feed wrote into an event. */
export function numberIn(message: Message & { readonly type: "event" }): number {
  const payload = message.payload as Uint8Array;
  return new DataView(payload.buffer, payload.byteOffset).getUint32(4, true);
}

/** Keeps a running mean and the sum of a batch for each run, in memory only. */
export abstract class Sums extends Operator {
  readonly #runs = this.perRun((): State => ({ count: 0, mean: 0, batch: 0, sum: 0 }));

  /** Gives what a message adds to the results. */
  protected results(message: Message): Message | Message[] | undefined {
    if (message.type === "start") return message;
    const state = this.#runs.of(message);
    const run = message.run as string;
    if (message.type === "stop") {
      const mean = resultOf({ run, result: "mean", number: 0, value: state.mean });
      return state.count % BATCH === 0 ? [mean, message] : [this.#batch(run, state), mean, message];
    }
    const value = numberIn(message);
    state.count += 1;
    state.mean += (value - state.mean) / state.count;
    state.sum += value;
    return state.count % BATCH === 0 ? this.#batch(run, state) : undefined;
  }

  #batch(run: string, state: State): Message {
    const sum = resultOf({ run, result: "batch", number: state.batch, value: state.sum });
    state.batch += 1;
    state.sum = 0;
    return sum;
  }
}

function resultOf(sum: Sum): Message {
  return new Event({}, Buffer.from(`SUM ${JSON.stringify(sum)}`), { run: sum.run });
}
