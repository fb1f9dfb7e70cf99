import { completed, type Envelope } from "./envelope.ts";
import { Event } from "./event.ts";
import { LazyEvent } from "./native/lazy-event.ts";
import type { DType, NdArray } from "./ndarray.ts";
import { Start } from "./start.ts";
import { Stop } from "./stop.ts";

/** Holds keys of unknown meaning. */
export type Data = Readonly<Record<string, unknown>>;

/** What an event carries beside its metadata: bytes or an array. */
export type Payload = Uint8Array | NdArray<DType>;

/** Flows through a block; contents are of unknown keys. */
export type Message = Start | Event | Stop;

/** Stands for a message of any contents where a type parameter needs a bound. */
// biome-ignore lint/suspicious/noExplicitAny: a bound that every Start, Event and Stop meets, in both directions
export type AnyMessage = Start<any> | Event<any, any> | Stop<any>;

/**
 * Is empty. A class with such a member is compared property by property where its type arguments differ, as the compiler
 * cannot tell from the arguments alone what a mapped type makes of them.
 */
export type ByProperty<T> = { readonly [K in keyof T as never]: never };

/** Gives a result what it leaves out, from the message in process. One that has an origin leaves nothing out. */
export function inherit<M extends AnyMessage>(result: M, parent: AnyMessage): M {
  if ((result as AnyMessage) === parent || hasOrigin(result)) return result;
  const parentEnvelope = parent.envelope;
  if (result.type === "event") {
    const envelope = completed(result.envelope, parentEnvelope);
    return envelope === result.envelope ? result : (new Event(result.metadata, result.payload, envelope) as M);
  }
  if (result.type === "start") {
    const given: Envelope = Start.given(result);
    const resumed = result.resumed || (parent.type === "start" && parent.resumed && given.run === undefined);
    return new Start(result.data, { ...completed(given, parentEnvelope), resumed }) as M;
  }
  const envelope = { ...completed(result.envelope, parentEnvelope), run: result.run, reason: result.reason };
  return new Stop(result.data, envelope) as M;
}

function hasOrigin(message: AnyMessage): boolean {
  if (message.type === "event") return LazyEvent.is(message) || message.envelope.origin !== undefined;
  return message.type === "start" ? Start.given(message).origin !== undefined : false;
}
