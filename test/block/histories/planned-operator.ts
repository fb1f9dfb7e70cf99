import { Event } from "../../../src/message/event.ts";
import type { AnyMessage, Message } from "../../../src/message/message.ts";
import { compose } from "../../../src/operator/compose.ts";
import type { Context, FlushReason, Result } from "../../../src/operator/context.ts";
import { Operator } from "../../../src/operator/operator.ts";
import type { Clock } from "../../../src/time/clock.ts";
import { pause } from "./pause.ts";
import type { OperatorKind, OperatorPlan } from "./plan.ts";
import { contentOf, fromOf, keyOf, type Life, name, type Put, type Records } from "./records.ts";

interface RunState {
  readonly startId: string | undefined;
  list: Message[];
  sum: number;
}

/** Makes the operator of a plan. */
export function plannedOperator(records: Records, clock: Clock): { operator: Operator; parts: PlannedOperator[] } {
  const { kinds } = records.plan.operator;
  const parts = kinds.map((kind, index) => new PlannedOperator(kind, index, kinds.length, records, clock));
  const [first, second] = parts as [PlannedOperator, PlannedOperator?];
  return { operator: second === undefined ? first : compose(first, second), parts };
}

/** Works as a plan says, and looks whether the run rule holds. */
export class PlannedOperator extends Operator<Message, Message> {
  /** Runs that had their Start and not their Stop. */
  readonly openRuns = new Set<string>();
  /** The puts of the Starts of runs, and of runs whose own Stop came. */
  readonly #starts = new Map<string, number | undefined>();
  readonly #ended = new Map<string, number | undefined>();
  readonly #kind: OperatorKind;
  readonly #first: boolean;
  readonly #last: boolean;
  readonly #index: number;
  readonly #plan: OperatorPlan;
  readonly #records: Records;
  readonly #clock: Clock;
  readonly #life: Life;
  readonly #runs = this.perRun((start): RunState => ({ startId: contentOf(start).id, list: [], sum: 0 }));
  #all: Message[] = [];
  #made = 0;

  constructor(kind: OperatorKind, index: number, count: number, records: Records, clock: Clock) {
    super();
    this.#kind = kind;
    this.#index = index;
    this.#first = index === 0;
    this.#last = index === count - 1;
    this.#plan = records.plan.operator;
    this.#records = records;
    this.#clock = clock;
    this.#life = records.life;
  }

  override process(message: Message, context: Context): Result<Message> {
    if (this.#life.dead) return new Promise(() => undefined);
    const puts = this.#putsOf(message);
    if (this.#first) {
      this.#records.called("process");
      this.#begun(message, puts, context);
    }
    if (context.attempt === 1) this.#checkRule(message);
    const result = this.#work(message, context);
    if (result instanceof Promise) return result.then((list) => this.#shaped(message, this.#returned(puts, list)));
    return this.#shaped(message, this.#returned(puts, result));
  }

  override flush(_reason: FlushReason, context: Context): Result<Message> {
    if (this.#life.dead) return undefined;
    const results: Message[] = [];
    if (this.#all.length > 0) results.push(this.#batch(this.#all.splice(0)));
    for (const state of this.#runs.values()) if (state.list.length > 0) results.push(this.#batch(state.list.splice(0)));
    context.release();
    return this.#returned([], results);
  }

  #begun(message: Message, puts: readonly Put[], context: Context): void {
    const { retries, unordered } = this.#records.plan.block;
    for (const put of puts) {
      put.seen = true;
      put.resumed ||= message.type === "start" && message.resumed;
      put.running = true;
      if (context.attempt === 1) put.firsts += 1;
      // A run that goes on after it was given up begins with its Start once more.
      const again = message.type === "start" && message.resumed;
      if (put.firsts > 1 && !again)
        this.#records.violation(`${name(put)} was given to the operator ${put.firsts} times`);
      if (context.attempt > retries + 1) this.#records.violation(`${name(put)} had attempt ${context.attempt}`);
      const earlier = this.#records.puts.findLast(
        (other) => other.life === put.life && other.listener === put.listener && other.seen && other !== put,
      );
      // Calls begin in the order of what came, also where their results need no order.
      const isLater = earlier !== undefined && earlier.number > put.number && context.attempt === 1 && !again;
      const behind = isLater && earlier.item.hop?.incarnation === put.item.hop?.incarnation;
      // What came before its Start waits for it.
      if (
        behind &&
        earlier.item.what !== "start" &&
        earlier.item.run === message.run &&
        !unordered &&
        message.run !== "stray"
      ) {
        this.#records.violation(`${name(put)} came to the operator after ${name(earlier)}`);
      }
    }
  }

  #checkRule(message: Message): void {
    const { kinds } = this.#plan;
    const { run } = message;
    if (run === undefined || (!this.#first && (kinds[0] === "batch-runs" || this.#plan.throwsAtLifecycle))) return;
    // A run that will be given again ends unseen by the operator.
    const goesUnseen = this.#records.plan.block.recover === "run" && message.type === "start";
    const open = this.openRuns.has(run) && !goesUnseen;
    if (message.type === "start" ? open : !open) {
      const was = open ? "open" : "not open";
      this.#records.violation(`operator ${this.#index} got a ${message.type} of run ${run}, which was ${was}`);
    }
    const { put } = contentOf(message);
    if (message.type === "start") {
      this.openRuns.add(run);
      this.#starts.set(run, put);
      if (put !== undefined && this.#ended.get(run) === put) {
        this.#records.violation(`operator ${this.#index} got run ${run} again after its own Stop`);
      }
    } else if (message.type === "stop") {
      this.openRuns.delete(run);
      if (put !== undefined) this.#ended.set(run, this.#starts.get(run));
    }
  }

  #work(message: Message, context: Context): readonly Message[] | Promise<readonly Message[]> {
    const { value = 0 } = contentOf(message);
    const { size, ms, oneOf, throwsAtLifecycle } = this.#plan;
    const kind = this.#kind;
    if (kind === "throwing") return this.#mayThrow(message, context, throwsAtLifecycle);
    if (message.type === "stop") return this.#stopped(message, context);
    if (message.type === "start") return [message];
    if (kind === "filter") return value % oneOf === 0 ? [] : [message];
    if (kind === "flat") return Array.from({ length: value % 4 }, () => this.#derived([message]));
    if (kind === "async") return pause(this.#clock, (value * 7) % (ms + 1), undefined).then(() => [message]);
    if (kind === "hanging") return value % oneOf === 0 ? this.#hang(message, context) : [message];
    if (kind === "batch-runs") return this.#held(message, context, this.#all, size, true);
    if (message.run === undefined) return [message];
    if (kind === "sum") {
      this.#runs.of(message).sum += value;
      return [];
    }
    if (kind === "batch" || kind === "batch-timer") {
      return this.#held(message, context, this.#runs.of(message).list, size, kind === "batch-timer");
    }
    return [message];
  }

  #stopped(message: Message & { readonly type: "stop" }, context: Context): readonly Message[] {
    const kind = this.#kind;
    if (kind === "sum") {
      const { sum, startId } = this.#runs.of(message);
      const key = this.#key();
      return [new Event({ sum, startId, key, from: fromOf(message) }, new Uint8Array(8)), message];
    }
    if (kind !== "batch" && kind !== "batch-timer") return [message];
    const state = this.#runs.of(message);
    context.release();
    return state.list.length === 0 ? [message] : [this.#batch(state.list.splice(0)), message];
  }

  #held(
    message: Message & { readonly type: "event" },
    context: Context,
    list: Message[],
    size: number,
    timed: boolean,
  ): readonly Message[] {
    list.push(message);
    context.hold();
    for (const put of this.#putsOf(message)) put.held = true;
    if (timed) {
      context.flushIn(this.#kind === "batch-runs" && list.length >= size ? 0 : this.#plan.ms + 5);
      return [];
    }
    if (list.length < size) return [];
    context.release();
    return [this.#batch(list.splice(0))];
  }

  #mayThrow(message: Message, context: Context, lifecycle: boolean): readonly Message[] | Promise<readonly Message[]> {
    const { value = 1 } = contentOf(message);
    const { oneOf, times, ms } = this.#plan;
    const throws = value % oneOf === 0 && context.attempt <= times && (message.type === "event" || lifecycle);
    if (!throws) return [message];
    const fail = (): never => {
      this.#failed(message, context);
      throw new Error(`planned: ${keyOf(message)}`);
    };
    if (value % 2 === 0) fail();
    return pause(this.#clock, ms, undefined).then(fail);
  }

  #hang(message: Message, context: Context): Promise<never> {
    this.#failed(message, context);
    return new Promise((_, reject) => {
      if (this.#plan.size % 2 === 0) return;
      context.signal.addEventListener("abort", () => reject(new Error("planned: gave up")), { once: true });
    });
  }

  #failed(message: Message, context: Context): void {
    for (const put of this.#putsOf(message)) {
      put.running = false;
      put.failed = context.attempt > this.#records.plan.block.retries;
    }
  }

  #batch(messages: readonly Message[]): Message {
    for (const message of messages) for (const put of this.#putsOf(message)) put.held = false;
    return this.#derived(messages);
  }

  #derived(messages: readonly Message[]): Message {
    const last = messages.at(-1) as Message & { readonly type: "event" };
    const { value = 0 } = contentOf(last);
    const from = messages.flatMap((message) => fromOf(message));
    const envelope = last.run === undefined ? {} : { run: last.run };
    return new Event({ key: this.#key(), from, value }, last.payload, envelope);
  }

  #key(): string {
    this.#made += 1;
    return `${this.#life.number}.${this.#index}.${this.#made}`;
  }

  /** Takes note of what comes of a call. */
  #returned(puts: readonly Put[], list: readonly Message[]): readonly Message[] {
    for (const result of list) {
      for (const put of this.#putsOf(result)) {
        if (this.#last) put.results.push(keyOf(result));
        else put.inner += 1;
      }
    }
    for (const put of puts) {
      if (this.#first) put.running = false;
      else put.inner -= 1;
    }
    return list;
  }

  /** Gives results in all the forms in which an operator may give them. */
  #shaped(message: AnyMessage, list: readonly Message[]): Result<Message> {
    const only = list[0];
    const form = (contentOf(message).value ?? 0) % 6;
    if (list.length === 1 && form < 4) return only;
    if (list.length === 0 && form < 3) return undefined;
    if (form === 0) return new Set(list);
    if (form === 1) return list.values();
    if (form === 5) return later(list);
    return list;
  }

  #putsOf(message: AnyMessage): Put[] {
    return fromOf(message).map((number) => this.#records.puts[number] as Put);
  }
}

async function* later(list: readonly Message[]): AsyncGenerator<Message> {
  for (const one of list) {
    await Promise.resolve();
    yield one;
  }
}
