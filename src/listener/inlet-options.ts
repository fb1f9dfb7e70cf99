import type { RejectedError } from "../errors.ts";
import type { Tell } from "../events.ts";
import type { Limits } from "../message/limits.ts";
import type { AnyMessage } from "../message/message.ts";
import type { BoundedQueue } from "../queue/bounded-queue.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Settlement } from "../queue/settlement.ts";
import type { Timings } from "../queue/timings.ts";
import type { Ledger } from "../runs/ledger.ts";
import type { TrackerOptions } from "../runs/run-tracker.ts";
import type { Clock } from "../time/clock.ts";
import type { Listener } from "./listener.ts";
import type { SettlerOptions } from "./settler.ts";

/** What an inlet is told by its block. */
export interface InletOptions extends SettlerOptions {
  readonly listener: Listener<AnyMessage>;
  readonly queue: BoundedQueue<Delivery>;
  readonly ledger: Ledger;
  readonly timings: Timings;
  readonly clock: Clock;
  readonly tell: Tell;
  readonly limits: Limits;
  readonly tracker: TrackerOptions;
  /** Whether silence ends the runs of every source, also of those that give no signs of life. */
  readonly silenceEnds: boolean;
  /** Decides on bytes that are no message. */
  readonly reject: (
    frames: readonly Uint8Array[],
    error: RejectedError,
    settlement: Settlement | undefined,
  ) => void | Promise<void>;
  readonly ready: () => void;
  /** Whether only code of this package gets the messages, which keeps nothing of one that is settled. */
  readonly staysInside?: boolean;
}
