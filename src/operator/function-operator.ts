import type { AnyMessage, Message } from "../message/message.ts";
import type { Context, Result } from "./context.ts";
import { Operator } from "./operator.ts";

/** Is what an operator does, as a function. */
export type Process<In extends AnyMessage = Message, Out extends AnyMessage = Message> = (
  message: In,
  context: Context,
) => Result<Out>;

/** Is an operator, or a function that works as one. */
export type Step<In extends AnyMessage, Out extends AnyMessage> = Operator<In, Out> | Process<In, Out>;

/** Makes an operator of a function. */
export class FunctionOperator<In extends AnyMessage, Out extends AnyMessage> extends Operator<In, Out> {
  readonly #process: Process<In, Out>;

  constructor(process: Process<In, Out>) {
    super();
    this.#process = process;
  }

  override process(message: In, context: Context): Result<Out> {
    return this.#process(message, context);
  }
}

/** Gives the operator of a step. */
export function operatorOf<In extends AnyMessage, Out extends AnyMessage>(step: Step<In, Out>): Operator<In, Out> {
  return typeof step === "function" ? new FunctionOperator(step) : step;
}

/** Lets everything through: what a block does without an operator. */
export class PassThrough<M extends AnyMessage> extends Operator<M, M> {
  override process(message: M): M {
    return message;
  }
}
