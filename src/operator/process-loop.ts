import { HeldTooMuchError } from "../errors.ts";
import type { AnyMessage } from "../message/message.ts";
import type { Delivery, Outcome } from "../queue/delivery.ts";
import { mustWait } from "./barrier.ts";
import { Call, type CallOptions } from "./call.ts";
import { Completion } from "./completion.ts";
import type { FlushReason, Several } from "./context.ts";
import { PassThrough } from "./function-operator.ts";
import { Holds } from "./holds.ts";
import type { LoopOptions } from "./loop-options.ts";
import { Pace } from "./pace.ts";
import { isLater, listed } from "./results.ts";
import { enter, forget } from "./run-states.ts";
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
  readonly #completion: Completion;
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
  #idle: (() => void)[] = [];

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#pace = new Pace(options.clock, options.operator, options.warn);
    this.#completion = new Completion(options.exit, options.operator);
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
      this.#stall(this.#completion.passOn(delivery));
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
      if (isLater<Several<AnyMessage>>(result)) {
        this.#wait(call, delivery, result, began);
        return;
      }
      if (began > 0) timings.ended(began);
      if (result === message && this.#calls.length === 0 && call.plain) {
        call.end();
        this.#stall(this.#completion.passOn(delivery));
        return;
      }
      results = result === message ? [message] : listed(result, this.#name);
    } catch (error) {
      this.#begun(call);
      void this.#trouble(call, delivery, error);
      return;
    }
    if (isLater<readonly AnyMessage[]>(results)) {
      this.#wait(call, delivery, results, began);
      return;
    }
    if (call.attempt > 1 || this.#calls.length > 0) {
      this.#begun(call);
      call.results = results;
      this.#advance();
    } else this.#stall(this.#completion.complete(call, results));
  }

  /** An attempt after the first one has the place of that. */
  #begun(call: Call): void {
    if (call.attempt === 1) this.#calls.push(call);
  }

  /** No async function here, and one turn for a promise that is kept already: three of them take longer than small work. */
  #wait(call: Call, delivery: Delivery, later: Promise<Several<AnyMessage>>, began: number): void {
    this.#begun(call);
    this.computing += 1;
    const ended = (): void => {
      this.computing -= 1;
      if (began > 0) this.#options.timings.ended(began);
    };
    const failed = (error: unknown): void => {
      ended();
      void this.#trouble(call, delivery, error);
    };
    const done = (results: readonly AnyMessage[]): void => {
      ended();
      call.results = results;
      this.#letOut();
      if (!this.#scheduled) this.#pump();
    };
    const came = (result: Several<AnyMessage>): void => {
      let results: readonly AnyMessage[] | Promise<readonly AnyMessage[]>;
      try {
        results = listed(result, this.#name);
      } catch (error) {
        failed(error);
        return;
      }
      if (isLater<readonly AnyMessage[]>(results)) results.then(done, failed);
      else done(results);
    };
    if (this.#options.processTimeoutMs === undefined) Promise.resolve(later).then(came, failed);
    else limited(call, this.#later(later), this.#options).then(done, failed);
  }

  async #later(result: Promise<Several<AnyMessage>>): Promise<readonly AnyMessage[]> {
    return listed(await result, this.#name);
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

  #advance(): void {
    this.#letOut();
    this.#schedule();
  }

  /** Lets out what is done: in the order in which the calls began, unless that does not matter. */
  #letOut(): void {
    while (!this.#closed && !this.#stalled) {
      const index = this.#options.unordered
        ? this.#calls.findIndex(({ results }) => results !== undefined)
        : this.#calls[0]?.results === undefined
          ? -1
          : 0;
      if (index < 0) break;
      const [call] = this.#calls.splice(index, 1) as [Call];
      this.#stall(this.#completion.complete(call, call.results as readonly AnyMessage[]));
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
        const wait = this.#completion.complete(call, results);
        if (wait === undefined) end();
        else void wait.then(end);
        return;
      }
      this.computing += 1;
      void results
        .finally(() => {
          this.computing -= 1;
        })
        .then((list) => (this.#closed ? undefined : this.#completion.complete(call, list)))
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

  get #name(): string {
    return this.#options.operator.constructor.name;
  }
}
