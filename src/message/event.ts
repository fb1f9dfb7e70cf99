import { UsageError } from "../errors.ts";
import type { Envelope } from "./envelope.ts";
import type { ByProperty, Data, Payload } from "./message.ts";
import { type DType, isNdArray, isNumberType, type NdArray, pins, unpinned } from "./ndarray.ts";

/** Carries one piece of data: a frame, a reading, a document. */
export class Event<M = Data, P extends Payload = Payload> {
  readonly type = "event" as const;
  /** Exists only for the compiler: lets its message name the property that differs. */
  declare readonly compared: ByProperty<M> & ByProperty<P>;
  readonly metadata: M;
  readonly payload: P;
  readonly run: string | undefined;
  readonly envelope: Envelope;

  constructor(metadata: M, payload: P, envelope: Envelope = {}) {
    this.metadata = metadata;
    this.payload = payload;
    this.run = envelope.run;
    this.envelope = envelope;
  }

  /** Gives the payload as an array of plain numbers. */
  array(): P extends NdArray<infer T> ? (DType extends T ? NdArray : NdArray<T>) : NdArray;
  /** Gives the payload as an array of one element type. */
  array<T extends DType>(dtype: T): NdArray<T>;
  array(dtype?: DType): unknown {
    const payload: Payload = this.payload;
    if (!isNdArray(payload)) throw new UsageError(`event: expected ${dtype ?? "an array"}, got bytes`);
    if (dtype !== undefined && payload.dtype !== dtype) {
      throw new UsageError(`event: expected ${dtype}, got ${payload.dtype}`);
    }
    if (dtype === undefined && !isNumberType(payload.dtype)) {
      throw new UsageError(
        `event: expected plain numbers, got ${payload.dtype}; its elements are not numbers: ask for array("${payload.dtype}")`,
      );
    }
    return payload;
  }

  /** Gives one key of the metadata; of a received event, without decoding the others. */
  field(name: string): unknown {
    const metadata: unknown = this.metadata;
    if (typeof metadata !== "object" || metadata === null || !Object.hasOwn(metadata, name)) return undefined;
    return (metadata as Record<string, unknown>)[name];
  }

  /** Derives an event with other content; the envelope stays. */
  with<M2 = M, P2 extends Payload = P>(change: { readonly metadata?: M2; readonly payload?: P2 }): Event<M2, P2> {
    const metadata = "metadata" in change ? change.metadata : this.metadata;
    const payload = "payload" in change ? change.payload : this.payload;
    return new Event(metadata as M2, payload as P2, this.envelope);
  }

  /** Makes the event safe to keep: itself, or a copy when its payload is a small part of a larger received buffer. */
  keep(): this {
    const kept = keptPayload(this.payload);
    return kept === this.payload ? this : (this.with({ payload: kept }) as Event<M, P> as this);
  }
}

function keptPayload<P extends Payload>(payload: P): P {
  if (isNdArray(payload)) return unpinned(payload) as P;
  return pins(payload) ? (new Uint8Array(payload) as P) : payload;
}
