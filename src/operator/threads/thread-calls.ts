import { AbortedError, text, UsageError } from "../../errors.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Stop } from "../../message/stop.ts";
import type { Context } from "../context.ts";
import type { Operator } from "../operator.ts";
import { listed } from "../results.ts";
import { enter, forget } from "../run-states.ts";
import { errorForm } from "./error-form.ts";
import { lifecycleOf, MessageReader } from "./message-form.ts";
import type { Effect, Reply, Request, Work } from "./protocol.ts";
import { type ResultForm, resultForm } from "./result-form.ts";
import type { Slot } from "./slots.ts";

type WorkRequest = Extract<Request, { readonly type: "work" }>;

/** What the calls of a thread need. */
export interface CallsOptions {
  readonly operator: Operator<AnyMessage, AnyMessage>;
  readonly tell: (reply: Reply, moved?: readonly ArrayBuffer[]) => void;
  /** Makes one Stop of several, where the operator's class can. */
  readonly merge: ((stops: readonly Stop[]) => Stop) | undefined;
}

/** Runs the calls of a thread's operator, one after the other. */
export class ThreadCalls {
  readonly #options: CallsOptions;
  readonly #reader = new MessageReader();
  readonly #slots = new Map<number, SharedArrayBuffer>();
  readonly #waiting: WorkRequest[] = [];
  #running: { readonly id: number; readonly abort: AbortController } | undefined;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  /** Takes a call on. */
  add(request: WorkRequest): void {
    const { news } = request;
    for (const id of news?.forget ?? []) this.#slots.delete(id);
    if (news?.learn !== undefined) this.#slots.set(news.learn.id, news.learn.memory);
    this.#waiting.push(request);
    if (this.#running === undefined) void this.#run();
  }

  /** Gives a call up: one that has not begun is left out, one that runs is told. */
  abort(id: number): void {
    if (this.#running?.id === id) this.#running.abort.abort(new AbortedError("process"));
    const index = this.#waiting.findIndex((request) => request.id === id);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    this.#options.tell({ type: "failed", id, error: errorForm(new AbortedError("process")) });
  }

  /** Gives everything up. */
  abortAll(): void {
    for (const { id } of [...this.#waiting]) this.abort(id);
    this.#running?.abort.abort(new AbortedError("process"));
  }

  /** Drops the state of a run. */
  leave(run: string, stream: string): void {
    forget(this.#options.operator, new Stop({}, { run }), stream);
  }

  async #run(): Promise<void> {
    for (let request = this.#waiting.shift(); request !== undefined; request = this.#waiting.shift()) {
      const abort = new AbortController();
      this.#running = { id: request.id, abort };
      await this.#one(request.id, request.work, abort.signal);
    }
    this.#running = undefined;
  }

  async #one(id: number, work: Work, signal: AbortSignal): Promise<void> {
    const { tell } = this.#options;
    const context = work.call === "process" ? new ThreadContext(signal, work) : new ThreadContext(signal);
    const moved: ArrayBuffer[] = [];
    let reply: Reply;
    try {
      const results = await this.#call(work, context, moved);
      context.end();
      reply = { type: "done", id, results, effects: context.effects };
    } catch (error) {
      context.end();
      tell({ type: "failed", id, error: errorForm(error) });
      return;
    }
    try {
      tell(reply, moved);
    } catch (error) {
      const trouble = new UsageError(
        `${this.#options.operator.constructor.name}: a result cannot leave its thread: ${text(error)}; give back ` +
          "plain data",
        { cause: error },
      );
      tell({ type: "failed", id, error: errorForm(trouble) });
    }
  }

  async #call(work: Work, context: Context, moved: ArrayBuffer[]): Promise<readonly ResultForm[]> {
    const { operator, merge } = this.#options;
    const { name } = operator.constructor;
    if (work.call === "merge") {
      const stops = work.stops.map((form) => lifecycleOf(form) as Stop);
      const merged = await listed((merge as (stops: readonly Stop[]) => Stop)(stops), name);
      return merged.map((result) => resultForm(result, undefined, undefined, moved));
    }
    if (work.call === "flush") {
      const results = await listed(await operator.flush(work.reason, context), name);
      return results.map((result) => resultForm(result, undefined, undefined, moved));
    }
    const message = this.#reader.read(work.message, this.#slots);
    enter(operator, message, work.stream);
    const results = await listed(await operator.process(message, context), name);
    const slot = this.#slotOf(work.message.type === "event" ? work.message.slot : undefined);
    return results.map((result) => resultForm(result, message, slot, moved));
  }

  #slotOf(id: number | undefined): Slot | undefined {
    const memory = id === undefined ? undefined : this.#slots.get(id);
    return id === undefined || memory === undefined ? undefined : { id, memory };
  }
}

/** Is what an operator in a thread sees of a call; what it asks for is done on the other side, with the results. */
class ThreadContext implements Context {
  readonly signal: AbortSignal;
  readonly attempt: number;
  /** The stream of the run in process. */
  readonly stream: string;
  readonly effects: Effect[] = [];
  #over = false;

  constructor(signal: AbortSignal, { attempt, stream } = { attempt: 1, stream: "" }) {
    this.signal = signal;
    this.attempt = attempt;
    this.stream = stream;
  }

  hold(): void {
    this.#ask("hold");
  }

  release(): void {
    this.#ask("release");
  }

  flushIn(ms: number): void {
    this.#ask(ms);
  }

  /** What is asked for after the call has ended is too late. */
  end(): void {
    this.#over = true;
  }

  #ask(effect: Effect): void {
    if (!this.#over) this.effects.push(effect);
  }
}
