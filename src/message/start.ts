import { randomUUID } from "node:crypto";
import type { Envelope } from "./envelope.ts";
import type { ByProperty, Data } from "./message.ts";

/** Opens a run: a scan, an acquisition, a series. */
export class Start<D = Data> {
  readonly type = "start" as const;
  /** Exists only for the compiler: lets its message name the property that differs. */
  declare readonly compared: ByProperty<D>;
  readonly data: D;
  /** True when this Start was given again: to a late joiner, after a restart or a rebalance. */
  readonly resumed: boolean;
  #envelope: Envelope;

  /** Without a run a random id is made, when `run` is first read. */
  constructor(data: D, envelope: Envelope & { readonly resumed?: boolean } = {}) {
    const { resumed, ...rest } = envelope;
    this.data = data;
    this.resumed = resumed ?? false;
    this.#envelope = rest;
  }

  get run(): string {
    return this.envelope.run as string;
  }

  get envelope(): Envelope & { readonly run: string } {
    if (this.#envelope.run === undefined) this.#envelope = { ...this.#envelope, run: randomUUID() };
    return this.#envelope as Envelope & { readonly run: string };
  }

  /** Gives the envelope as it is, without making a run; for the platform. */
  static given(start: Start<unknown>): Envelope {
    return start.#envelope;
  }
}
