import type { AnyMessage } from "../message/message.ts";
import { inherit } from "../message/message.ts";
import type { Context, FlushReason, Result, Several } from "./context.ts";
import { operatorOf, type Step } from "./function-operator.ts";
import { Operator } from "./operator.ts";
import { Part } from "./part.ts";
import { isLater, listed } from "./results.ts";
import { enter, leave } from "./run-states.ts";

type AnyOperator = Operator<AnyMessage, AnyMessage>;
type List = readonly AnyMessage[];

/**
 * Makes one operator of two: what comes out of the first goes into the second. Each holds and releases for itself: what
 * the first hands on and the second holds stays unfinished.
 */
export function compose<A extends AnyMessage, B extends AnyMessage, C extends AnyMessage>(
  first: Step<A, B>,
  second: Step<B, C>,
): Operator<A, C> {
  return new Composed(
    operatorOf(first) as unknown as AnyOperator,
    operatorOf(second) as unknown as AnyOperator,
  ) as unknown as Operator<A, C>;
}

class Composed extends Operator<AnyMessage, AnyMessage> {
  override readonly mergesRuns: boolean;
  override readonly concurrency: number | undefined = undefined;
  readonly #first: AnyOperator;
  readonly #second: AnyOperator;

  constructor(first: AnyOperator, second: AnyOperator) {
    super();
    this.mergesRuns = first.mergesRuns || second.mergesRuns;
    // A part that says nothing gets its messages one after the other, in order.
    if (first.concurrency !== undefined && second.concurrency !== undefined) {
      this.concurrency = Math.min(first.concurrency, second.concurrency);
    }
    this.#first = first;
    this.#second = second;
    Operator.join(this, [first, second]);
  }

  override async open(signal: AbortSignal): Promise<void> {
    await this.#first.open(signal);
    try {
      await this.#second.open(signal);
    } catch (error) {
      await this.#first.close();
      throw error;
    }
  }

  override async close(): Promise<void> {
    try {
      await this.#second.close();
    } finally {
      await this.#first.close();
    }
  }

  override process(message: AnyMessage, context: Context): Result<AnyMessage> {
    const part = this.#partOfFirst(context);
    enter(this.#first, message, streamOf(part));
    const made = this.#list(this.#first, this.#first.process(message, part));
    const result = isLater<List>(made)
      ? made.then((list) => this.#pass(list, message, context))
      : this.#pass(made, message, context);
    return after(result, () => {
      if (message.type === "stop") leave(this.#first, message, streamOf(part));
    });
  }

  override flush(reason: FlushReason, context: Context): Result<AnyMessage> {
    const part = this.#partOfFirst(context);
    const made = this.#list(this.#first, this.#first.flush(reason, part));
    return this.#flushed(made, part, reason, context);
  }

  async #flushed(made: List | Promise<List>, part: Context, reason: FlushReason, context: Context): Promise<List> {
    const list = await made;
    const sources = part instanceof Part ? part.finishing : [];
    const whole = list.map((one) => completed(one, sources));
    const passed = (await this.#pass(whole, undefined, context)) as List;
    const own = await this.#list(this.#second, this.#second.flush(reason, this.#partOfSecond(context)));
    return [...passed, ...own];
  }

  /** Gives what the first made to the second, one after the other. */
  #pass(made: List, parent: AnyMessage | undefined, context: Context): List | Promise<List> {
    const out: AnyMessage[] = [];
    for (let index = 0; index < made.length; index += 1) {
      const results = this.#one(made[index] as AnyMessage, parent, context);
      if (isLater<List>(results)) return this.#passRest(out, results, made, index + 1, parent, context);
      out.push(...(results as List));
    }
    return out;
  }

  async #passRest(
    out: AnyMessage[],
    results: Promise<List>,
    made: List,
    next: number,
    parent: AnyMessage | undefined,
    context: Context,
  ): Promise<List> {
    out.push(...(await results));
    for (let index = next; index < made.length; index += 1) {
      out.push(...(await this.#one(made[index] as AnyMessage, parent, context)));
    }
    return out;
  }

  #one(made: AnyMessage, parent: AnyMessage | undefined, context: Context): List | Promise<List> {
    const message = parent === undefined ? made : inherit(made, parent);
    const part = this.#partOfSecond(context);
    enter(this.#second, message, streamOf(part));
    const results = this.#list(this.#second, this.#second.process(message, part));
    if (message.type !== "stop") return results;
    return after(results, () => leave(this.#second, message, streamOf(part)));
  }

  #partOfFirst(context: Context): Context {
    return Part.of(context, this.#first, true, false) ?? context;
  }

  #partOfSecond(context: Context): Context {
    return Part.of(context, this.#second, false, this.#first.mergesRuns) ?? context;
  }

  #list(operator: AnyOperator, result: Result<AnyMessage>): List | Promise<List> {
    const name = operator.constructor.name;
    if (isLater<Several<AnyMessage>>(result)) return result.then((several) => listed(several, name));
    return listed(result, name);
  }
}

/** What is made of messages that were held gets what it leaves out from the newest of them, or of its run. */
function completed(made: AnyMessage, sources: List): AnyMessage {
  const own = made.run === undefined ? undefined : sources.findLast(({ run }) => run === made.run);
  const parent = own ?? sources.at(-1);
  return parent === undefined ? made : inherit(made, parent);
}

/** What fails may be tried again: then nothing comes after it. */
function after(results: List | Promise<List>, then: () => void): List | Promise<List> {
  if (!isLater<List>(results)) {
    then();
    return results;
  }
  return results.then((list) => {
    then();
    return list;
  });
}

function streamOf(context: Context): string {
  return "stream" in context ? (context as Part).stream : "";
}
