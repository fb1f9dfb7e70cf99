import type { Account } from "./account.ts";
import type { Envelope } from "./envelope.ts";
import type { ByProperty, Data } from "./message.ts";

/** Says how a run ended: by itself, because its source is gone, or because somebody on the way stopped or moved. */
export type StopReason = "completed" | "abandoned" | "interrupted";

/** Ends a run. */
export class Stop<D = Data> {
  readonly type = "stop" as const;
  /** Exists only for the compiler: lets its message name the property that differs. */
  declare readonly compared: ByProperty<D>;
  readonly data: D;
  readonly run: string;
  readonly reason: StopReason;
  /** What became of the run's messages so far; set by the platform. */
  declare readonly account?: Account;
  readonly envelope: Envelope & { readonly run: string };

  constructor(data: D, envelope: Envelope & { readonly run: string; readonly reason?: StopReason }) {
    const { reason, ...rest } = envelope;
    this.data = data;
    this.run = envelope.run;
    this.reason = reason ?? "completed";
    this.envelope = rest;
  }

  /** Gives a copy that carries an account; for the platform. */
  static accounted<D>(stop: Stop<D>, account: Account): Stop<D> {
    const copy = new Stop(stop.data, { ...stop.envelope, reason: stop.reason });
    // Not enumerable: a Stop that a test expects has no account.
    return Object.defineProperty(copy, "account", { value: account, enumerable: false });
  }
}
