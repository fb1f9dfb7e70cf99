import type { AnyMessage } from "../message/message.ts";
import { Operator } from "./operator.ts";

/** Makes and notes what an operator's `perRun` needs, before it gets a message. */
export function enter(operator: Operator<AnyMessage, AnyMessage>, message: AnyMessage, stream: string): void {
  const states = Operator.states(operator);
  if (states === undefined) return;
  for (const state of states) {
    if (message.type === "start") state.begin(message, stream);
    else state.note(message, stream);
  }
}

/** Drops the states of a run whose Stop the operator does not get, in all its parts. */
export function forget(operator: Operator<AnyMessage, AnyMessage>, message: AnyMessage, stream: string): void {
  leave(operator, message, stream);
  for (const part of Operator.parts(operator)) {
    forget(part, message, stream);
    // What comes behind merged runs is of no stream, and goes on with the others.
    if (part.mergesRuns) return;
  }
}

/** Drops the states of a run, after the operator had its Stop. */
export function leave(operator: Operator<AnyMessage, AnyMessage>, message: AnyMessage, stream: string): void {
  const states = Operator.states(operator);
  if (states === undefined || message.run === undefined) return;
  for (const state of states) state.end(message.run, stream);
}
