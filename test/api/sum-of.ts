import { type Context, Event, type FlushReason, NdArray, Operator, type Result } from "arroyojs";
import type { In, Sum } from "./frames.ts";

/** Adds up so many frames of a run, and holds them until their sum goes out. */
export class SumOf extends Operator<In, Sum> {
  readonly flushes: string[] = [];
  readonly #size: number;
  readonly #ms: number | undefined;
  readonly #runs = this.perRun(({ run }) => ({ run, frames: [] as number[] }));

  constructor(size: number, ms?: number) {
    super();
    this.#size = size;
    this.#ms = ms;
  }

  override process(message: In, context: Context): Result<Sum> {
    if (message.type === "start") return message;
    const state = this.#runs.of(message);
    if (message.type === "event") {
      state.frames.push(message.metadata.frame);
      if (state.frames.length < this.#size) {
        context.hold();
        if (this.#ms !== undefined) context.flushIn(this.#ms);
        return undefined;
      }
      context.release();
      return this.#sum(state);
    }
    context.release();
    return state.frames.length === 0 ? message : [this.#sum(state), message];
  }

  override flush(reason: FlushReason, context: Context): Result<Sum> {
    const waiting = [...this.#runs.values()].filter(({ frames }) => frames.length > 0);
    this.flushes.push(`${reason} ${waiting.length}`);
    context.release();
    return waiting.map((state) => this.#sum(state));
  }

  #sum(state: { readonly run: string; frames: number[] }): Sum {
    const sum = state.frames.reduce((total, one) => total + one, 0);
    state.frames = [];
    return new Event({ sum }, new NdArray(new Float64Array([sum])), { run: state.run });
  }
}
