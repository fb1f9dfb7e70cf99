import { ProcessError, UsageError } from "../errors.ts";
import type { AnyMessage } from "../message/message.ts";
import type { Several } from "./context.ts";

const NONE: readonly AnyMessage[] = Object.freeze([]);

/** Tells whether an operator's result comes later. */
export function isLater<T>(result: unknown): result is Promise<T> {
  return typeof result === "object" && result !== null && typeof (result as { then?: unknown }).then === "function";
}

/** Makes a list of what an operator gave back; a promise where it has to be waited for. */
export function listed(
  result: Several<AnyMessage>,
  operator: string,
): readonly AnyMessage[] | Promise<readonly AnyMessage[]> {
  if (result === undefined || result === null) return NONE;
  if (isMessage(result)) return [result];
  if (typeof result === "object" && Symbol.iterator in result) {
    return [...(result as Iterable<AnyMessage>)].map((one) => checked(one, operator));
  }
  if (typeof result === "object" && Symbol.asyncIterator in result) {
    return gathered(result as AsyncIterable<AnyMessage>, operator);
  }
  throw wrong(result, operator);
}

async function gathered(results: AsyncIterable<AnyMessage>, operator: string): Promise<readonly AnyMessage[]> {
  const list: AnyMessage[] = [];
  for await (const one of results) list.push(checked(one, operator));
  return list;
}

function checked(value: unknown, operator: string): AnyMessage {
  if (isMessage(value)) return value;
  throw wrong(value, operator);
}

function isMessage(value: unknown): value is AnyMessage {
  if (typeof value !== "object" || value === null) return false;
  const type = (value as { readonly type?: unknown }).type;
  return (type === "event" || type === "start" || type === "stop") && "envelope" in value;
}

function wrong(value: unknown, operator: string): ProcessError {
  const got = typeof value === "object" && value !== null ? (value.constructor?.name ?? "object") : String(value);
  return new ProcessError(
    operator,
    new UsageError(`expected a Start, Event or Stop, several of them, or nothing as the result, got ${got}`),
  );
}
