import type { AnyMessage } from "../message/message.ts";
import type { BoundedQueue } from "../queue/bounded-queue.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Timings } from "../queue/timings.ts";
import type { Clock } from "../time/clock.ts";
import type { Exit } from "./exit.ts";
import type { Operator } from "./operator.ts";

/** What the loops are told by their block. */
export interface LoopOptions {
  readonly block: string;
  readonly operator: Operator<AnyMessage, AnyMessage>;
  readonly queue: BoundedQueue<Delivery>;
  readonly exit: Exit;
  readonly timings: Timings;
  readonly clock: Clock;
  readonly concurrency: number;
  readonly unordered: boolean;
  readonly processTimeoutMs: number | undefined;
  /** Aborts when calls that still run are waited for no longer. */
  readonly signal: AbortSignal;
  /** Decides on a message whose processing failed: true to try it again, after a wait; else it is concluded. */
  readonly failed: (delivery: Delivery, error: unknown, attempt: number) => Promise<boolean>;
  /** Takes an error that belongs to no message. */
  readonly broken: (error: unknown) => void;
  readonly warn: (message: string) => void;
}
