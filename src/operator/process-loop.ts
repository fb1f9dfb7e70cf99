import { HeldTooMuchError } from "../errors.ts";
import type { AnyMessage } from "../message/message.ts";
import { type Delivery, type Outcome, Together } from "../queue/delivery.ts";
import { mustWait } from "./barrier.ts";
import { Call, type CallOptions } from "./call.ts";
import type { FlushReason, Several } from "./context.ts";
import { PassThrough } from "./function-operator.ts";
import { Holds } from "./holds.ts";
import type { LoopOptions } from "./loop-options.ts";
import { Pace } from "./pace.ts";
import { isLater, listed } from "./results.ts";
import { enter, forget, leave } from "./run-states.ts";
import { limited } from "./time-limit.ts";

/**
 * Takes from the queue all that is there and gives it to the operator: one call at a time or several, in order, with a
 * barrier at each Start and Stop. Nothing is awaited that is not a promise.
 */
export class ProcessLoop {
  readonly holds: Holds;
  /** Counts the calls whose promise is waited for. */
  computing = 0;
  readonly #options: LoopOptions;
  readonly #callOptions: CallOptions;
  readonly #passesOn: boolean;
  readonly #calls: Call[] = [];
  readonly #pace: Pace;
  #flushCall: Call | undefined;
  #next: Delivery | undefined;
  readonly #wanted = new Set<FlushReason>();
  #drainFlushed = false;
  #pumping = false;
  #scheduled = false;
  /** True while the outlets are full. */
  #stalled = false;
  #closed = false;
  #warned = false;
  #idle: (() => void)[] = [];

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#pace = new Pace(options.clock, (ms) => this.#warnLong(ms));
    this.holds = new Holds(options.queue, options.clock, () => this.#want("timer"));
    const { operator, signal, processTimeoutMs } = options;
    this.#passesOn = operator instanceof PassThrough;
    this.#callOptions = { holds: this.holds, operator, signal, timed: processTimeoutMs !== undefined };
    options.queue.onArrival = () => this.#schedule();
    options.queue.onPressure = () => this.#want("pressure");
  }

  /** Counts the calls that run. */
  get running(): number {
    return this.#calls.length;
  }

  /** Resolves when nothing is queued, running or on its way out of the operator. */
  async drained(): Promise<void> {
    while (!this.#isIdle) {
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve);
        this.#schedule();
      });
    }
  }

  /** Asks the operator for all that it still has, unless it was asked since the last message. */
  async finish(): Promise<void> {
    if (this.#closed || (this.#drainFlushed && this.holds.count === 0)) return;
    this.#want("drain");
    await this.drained();
  }

  /** Ends all work; what is not finished is concluded. */
  close(outcome: Outcome): Delivery[] {
    this.#closed = true;
    // What a call released is held again, and what it held is given back as its own message.
    const left = this.#calls.flatMap(({ delivery }) => delivery ?? []);
    for (const call of this.#calls.splice(0)) call.undo();
    this.#flushCall?.undo();
    this.#flushCall = undefined;
    left.push(...this.holds.takeAll());
    this.holds.close();
    if (this.#next !== undefined) left.push(this.#next);
    this.#next = undefined;
    for (const delivery of left) delivery.conclude(outcome, outcome);
    this.#settleIdle();
    return left;
  }

  get #isIdle(): boolean {
    if (this.#closed) return true;
    const { queue } = this.#options;
    const quiet = queue.queued === 0 && queue.waiting === 0 && this.#next === undefined;
    return (
      quiet && this.#calls.length === 0 && !this.#stalled && this.#flushCall === undefined && this.#wanted.size === 0
    );
  }

  #schedule(): void {
    if (this.#scheduled || this.#pumping) return;
    this.#scheduled = true;
    queueMicrotask(this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#scheduled = false;
    this.#pump();
  };

  /** Timers and sockets have their turn; who brings messages waits for it too, or the queue would fill meanwhile. */
  #rest(): void {
    const { queue, clock } = this.#options;
    this.#scheduled = true;
    queue.rest = new Promise((resolve) => {
      clock.turn(() => {
        queue.rest = undefined;
        resolve();
        this.#goOn();
      });
    });
  }

  #want(reason: FlushReason): void {
    this.#wanted.add(reason);
    this.#schedule();
  }

  #pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    const { queue, concurrency } = this.#options;
    this.#pace.begin();
    while (!this.#stalled && this.#flushCall === undefined && !this.#closed && this.#calls.length < concurrency) {
      if (this.#wanted.size > 0) {
        if (this.#calls.length === 0) this.#flush();
        if (this.#wanted.size > 0) break;
        continue;
      }
      const delivery = this.#next ?? queue.shift();
      this.#next = undefined;
      if (delivery === undefined) break;
      if (mustWait(delivery, this.#calls, this.#options.operator.mergesRuns)) {
        this.#next = delivery;
        break;
      }
      this.#begin(delivery);
      if (this.#pace.isOver()) {
        this.#pumping = false;
        this.#rest();
        return;
      }
    }
    this.#pumping = false;
    this.#checkPressure();
    this.#settleIdle();
  }

  #begin(delivery: Delivery): void {
    if (delivery.ending === "unseen") {
      this.#passUnseen(delivery);
      return;
    }
    if (delivery.ending === "flush" && !this.#drainFlushed) {
      this.#next = delivery;
      this.#wanted.add("drain");
      return;
    }
    if (!delivery.made) this.#drainFlushed = false;
    // Nothing is to be asked of an operator that is not there, and nobody could hold a context.
    if (this.#passesOn && this.#calls.length === 0 && !this.#options.timings.on)
      this.#passOn(delivery, delivery.message);
    else this.#attempt(new Call(this.#callOptions, delivery), delivery);
  }

  #attempt(call: Call, delivery: Delivery): void {
    const { operator, timings } = this.#options;
    let results: readonly AnyMessage[] | Promise<readonly AnyMessage[]>;
    const began = timings.on ? timings.began(delivery) : 0;
    try {
      const { message } = delivery;
      // A Start that is tried again begins with new state.
      if (call.attempt === 1 || delivery.kind === "start") enter(operator, message, call.stream);
      const result = operator.process(message, call);
      if (began > 0 && !isLater(result)) timings.ended(began);
      if (result === message) {
        if (this.#calls.length === 0 && call.plain) {
          call.end();
          this.#passOn(delivery, message);
          return;
        }
        results = [message];
      } else results = isLater<Several<AnyMessage>>(result) ? this.#later(result) : listed(result, this.#name);
    } catch (error) {
      if (call.attempt === 1) this.#calls.push(call);
      void this.#trouble(call, delivery, error);
      return;
    }
    if (isLater<readonly AnyMessage[]>(results)) {
      if (call.attempt === 1) this.#calls.push(call);
      void this.#wait(call, delivery, results, began);
      return;
    }
    if (call.attempt > 1 || this.#calls.length > 0) {
      if (call.attempt === 1) this.#calls.push(call);
      call.results = results;
      this.#advance();
    } else this.#stall(this.#complete(call, results));
  }

  /** The usual case, without anything to keep books of: the operator gave its message back. */
  #passOn(delivery: Delivery, message: AnyMessage): void {
    delivery.results = 1;
    const wait = this.#options.exit.emit(message, delivery, delivery);
    if (delivery.kind === "stop") leave(this.#options.operator, message, delivery.run?.stream ?? "");
    delivery.done();
    if (wait !== undefined) this.#stall(wait);
  }

  async #later(result: Promise<Several<AnyMessage>>): Promise<readonly AnyMessage[]> {
    return listed(await result, this.#name);
  }

  async #wait(call: Call, delivery: Delivery, later: Promise<readonly AnyMessage[]>, began: number): Promise<void> {
    let trouble: { readonly error: unknown } | undefined;
    this.computing += 1;
    try {
      call.results = await limited(call, later, this.#options);
    } catch (error) {
      trouble = { error };
    }
    this.computing -= 1;
    if (began > 0) this.#options.timings.ended(began);
    if (trouble === undefined) this.#advance();
    else await this.#trouble(call, delivery, trouble.error);
  }

  async #trouble(call: Call, delivery: Delivery, error: unknown): Promise<void> {
    if (this.#closed) return;
    call.undo();
    const again = await this.#options.failed(delivery, error, call.attempt);
    if (this.#closed) return;
    const index = this.#calls.indexOf(call);
    if (again) {
      const next = call.again();
      this.#calls[index] = next;
      this.#attempt(next, delivery);
      return;
    }
    if (delivery.kind === "stop") forget(this.#options.operator, delivery.message, call.stream);
    this.#calls.splice(index, 1);
    this.#advance();
  }

  /** Lets out what is done: in the order in which the calls began, unless that does not matter. */
  #advance(): void {
    while (!this.#closed && !this.#stalled) {
      const index = this.#options.unordered
        ? this.#calls.findIndex(({ results }) => results !== undefined)
        : this.#calls[0]?.results === undefined
          ? -1
          : 0;
      if (index < 0) break;
      const [call] = this.#calls.splice(index, 1) as [Call];
      this.#stall(this.#complete(call, call.results as readonly AnyMessage[]));
    }
    this.#schedule();
  }

  /** Hands the results on, and with them the care for what they were made from. */
  #complete(call: Call, results: readonly AnyMessage[]): void | Promise<void> {
    const { delivery } = call;
    const finishing = call.finishing;
    const together = call.plain ? undefined : new Together(finishing, results.length);
    call.end();
    if (call.plain) (delivery as Delivery).results = results.length;
    const owner = together ?? (delivery as Delivery);
    const ended = (): void => {
      if (delivery?.kind === "stop") leave(this.#options.operator, delivery.message, call.stream);
      owner.done();
    };
    const parent = delivery ?? finishing.at(-1);
    for (let index = 0; index < results.length; index += 1) {
      const own = finishing.length === 0 ? undefined : owner;
      const result = results[index] as AnyMessage;
      const wait = this.#options.exit.emit(result, parentOf(result, parent, finishing), own);
      if (wait !== undefined) return this.#completeRest(wait, results, index + 1, parent, finishing, own).then(ended);
    }
    ended();
  }

  async #completeRest(
    wait: Promise<void>,
    results: readonly AnyMessage[],
    next: number,
    parent: Delivery | undefined,
    finishing: readonly Delivery[],
    owner: Delivery | Together | undefined,
  ): Promise<void> {
    await wait;
    for (let index = next; index < results.length; index += 1) {
      const result = results[index] as AnyMessage;
      await this.#options.exit.emit(result, parentOf(result, parent, finishing), owner);
    }
  }

  #stall(wait: void | Promise<void>): void {
    if (wait === undefined) return;
    this.#stalled = true;
    void wait.then(() => {
      this.#stalled = false;
      this.#advance();
    });
  }

  #flush(): void {
    const reason: FlushReason = this.#wanted.has("drain")
      ? "drain"
      : this.#wanted.has("pressure")
        ? "pressure"
        : "timer";
    this.#wanted.delete(reason);
    if (reason === "drain") this.#drainFlushed = true;
    if (reason === "pressure" && !this.#options.queue.heldFull) return;
    const { operator } = this.#options;
    const call = new Call(this.#callOptions, undefined);
    this.#flushCall = call;
    const end = (): void => {
      this.#flushCall = undefined;
      if (reason === "pressure") this.#checkReleased();
      this.#schedule();
    };
    try {
      const result = operator.flush(reason, call);
      const results = isLater<Several<AnyMessage>>(result) ? this.#later(result) : listed(result, this.#name);
      if (!isLater<readonly AnyMessage[]>(results)) {
        const wait = this.#complete(call, results);
        if (wait === undefined) end();
        else void wait.then(end);
        return;
      }
      this.computing += 1;
      void results
        .finally(() => {
          this.computing -= 1;
        })
        .then((list) => (this.#closed ? undefined : this.#complete(call, list)))
        .then(end, (error: unknown) => this.#flushFailed(error, call));
    } catch (error) {
      this.#flushFailed(error, call);
    }
  }

  #flushFailed(error: unknown, call: Call): void {
    call.undo();
    this.#flushCall = undefined;
    this.#options.broken(error);
  }

  #checkReleased(): void {
    const { queue, broken, block } = this.#options;
    if (queue.heldFull) broken(new HeldTooMuchError(block, queue.held, queue.heldBytes));
  }

  /** Without anything queued or running, a listener that waits for room waits for what is held. */
  #checkPressure(): void {
    const { queue } = this.#options;
    if (this.holds.count === 0 || this.#closed || this.#flushCall !== undefined || !queue.heldFull) return;
    if (!this.#wanted.has("pressure")) this.#want("pressure");
  }

  /** A run that will be given again: the operator forgets it, and only the publishers see the Stop. */
  #passUnseen(delivery: Delivery): void {
    if (delivery.run !== undefined) {
      for (const held of this.holds.takeAll(delivery.run)) held.conclude("stopped", "given back with its run");
    }
    forget(this.#options.operator, delivery.message, delivery.run?.stream ?? "");
    this.#stall(this.#options.exit.emit(delivery.message, delivery, delivery));
    delivery.done();
  }

  #settleIdle(): void {
    if (!this.#isIdle) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #warnLong(ms: number): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#options.warn(
      `${this.#name}: process computed for ${Math.round(ms)} ms without a break; timers, sockets and heartbeats wait ` +
        "so long: use shorter steps, or parallel() to work in threads",
    );
  }

  get #name(): string {
    return this.#options.operator.constructor.name;
  }
}

/** Finds the message whose envelope completes a result: the one in process, or the newest of its run among many. */
function parentOf(
  result: AnyMessage,
  parent: Delivery | undefined,
  finishing: readonly Delivery[],
): Delivery | undefined {
  if (finishing.length < 2 || result.type !== "event" || result.run === undefined) return parent;
  return finishing.findLast(({ message }) => message.run === result.run) ?? parent;
}
