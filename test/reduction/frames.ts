import { type AnyMessage, type Arrays, type DType, Event, NdArray, Start, Stop } from "arroyojs";

/** Makes a frame of the run "r". */
export function frame(data: Arrays[DType], shape: readonly number[], metadata: Record<string, unknown> = {}): Event {
  return new Event(metadata, new NdArray<DType>(data, shape), { run: "r" }) as unknown as Event;
}

/** Puts a Start before messages, and a Stop behind them. */
export function whole(...events: readonly Event[]): Event[] {
  return [new Start({}, { run: "r" }), ...events, new Stop({}, { run: "r" })] as AnyMessage[] as Event[];
}

/** Gives the elements of an event's array. */
export function elementsOf(message: AnyMessage | undefined): unknown[] {
  if (message?.type !== "event") throw new Error(`expected an event, got ${message?.type}`);
  return [...(message.payload as NdArray).data];
}
