import type { Event } from "../../message/event.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Start } from "../../message/start.ts";
import type { Stop } from "../../message/stop.ts";
import type { Context, FlushReason } from "../context.ts";
import type { Effect } from "./protocol.ts";
import type { Slot } from "./slots.ts";

/** What a thread has to do. */
export type Task =
  | { readonly call: "process"; readonly message: Event | Start | Stop; readonly stream: string }
  | { readonly call: "flush"; readonly reason: FlushReason }
  | { readonly call: "merge"; readonly stops: readonly Stop[] };

/** What came of it. */
export interface Answer {
  readonly results: readonly AnyMessage[];
  readonly effects: readonly Effect[];
  /** What the thread owes of messages that it was given again. */
  readonly owed: readonly AnyMessage[];
}

/** Is something that a thread has to do, until it is done. */
export class Job {
  readonly task: Task;
  readonly context: Context;
  readonly answer: Promise<Answer>;
  /** Resolves when the thread begins with it. */
  readonly begins: Promise<void>;
  id = 0;
  slot: Slot | undefined;
  /** How many threads ended while they worked on it. */
  crashes = 0;
  /** True when nobody waits for the answer any more. */
  isGivenUp = false;
  resolve: (answer: Answer) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;
  begin: () => void = () => undefined;

  constructor(task: Task, context: Context) {
    this.task = task;
    this.context = context;
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.begins = new Promise((resolve) => {
      this.begin = resolve;
    });
  }

  get attempt(): number {
    return this.context.attempt ?? 1;
  }
}
