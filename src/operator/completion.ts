import type { AnyMessage } from "../message/message.ts";
import { type Delivery, Together } from "../queue/delivery.ts";
import type { Call } from "./call.ts";
import type { Exit } from "./exit.ts";
import type { Operator } from "./operator.ts";
import { leave } from "./run-states.ts";

/** Hands the results of calls on, and with them the care for what they were made from. */
export class Completion {
  readonly #exit: Exit;
  readonly #operator: Operator<AnyMessage, AnyMessage>;

  constructor(exit: Exit, operator: Operator<AnyMessage, AnyMessage>) {
    this.#exit = exit;
    this.#operator = operator;
  }

  /** The usual case, without anything to keep books of: the operator gave its message back. */
  passOn(delivery: Delivery): void | Promise<void> {
    const { message } = delivery;
    delivery.results = 1;
    const wait = this.#exit.emit(message, delivery, delivery);
    if (delivery.kind === "stop") leave(this.#operator, message, delivery.run?.stream ?? "");
    delivery.done();
    return wait;
  }

  /** Ends a call; a promise says that the outlets are full and resolves when they have taken everything. */
  complete(call: Call, results: readonly AnyMessage[]): void | Promise<void> {
    const { delivery } = call;
    if (call.plain && results.length === 1 && results[0] === delivery?.message) {
      call.end();
      return this.passOn(delivery as Delivery);
    }
    const finishing = call.finishing;
    const together = call.plain ? undefined : new Together(finishing, results.length);
    call.end();
    if (call.plain) (delivery as Delivery).results = results.length;
    const owner = together ?? (delivery as Delivery);
    const ended = (): void => {
      if (delivery?.kind === "stop") leave(this.#operator, delivery.message, call.stream);
      owner.done();
    };
    const parent = delivery ?? finishing.at(-1);
    for (let index = 0; index < results.length; index += 1) {
      const own = finishing.length === 0 ? undefined : owner;
      const result = results[index] as AnyMessage;
      const wait = this.#exit.emit(result, parentOf(result, parent, finishing), own);
      if (wait !== undefined) return this.#rest(wait, results, index + 1, parent, finishing, own).then(ended);
    }
    ended();
  }

  async #rest(
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
      await this.#exit.emit(result, parentOf(result, parent, finishing), owner);
    }
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
