import { type AnyMessage, Event, NdArray, Start, Stop } from "arroyojs";

export type Scan = { readonly darkFrames: number };
export type Frame = { readonly frame: number };
export type In = Start<Scan> | Event<Frame, NdArray<"uint16">> | Stop;
export type Sum = Start<Scan> | Event<{ readonly sum: number }, NdArray<"float64">> | Stop;

export const start = (run: string, darkFrames = 0): Start<Scan> => new Start({ darkFrames }, { run });
export const frame = (run: string, number: number): Event<Frame, NdArray<"uint16">> =>
  new Event({ frame: number }, new NdArray(new Uint16Array([number, number])), { run });
export const stop = (run: string): Stop => new Stop({}, { run });
export const scan = (run: string, frames: number): readonly In[] => [
  start(run),
  ...Array.from({ length: frames }, (_, index) => frame(run, index + 1)),
  stop(run),
];

/** Says a list of messages in few words. */
export const said = (messages: readonly AnyMessage[]): readonly string[] =>
  messages.map((message) => {
    if (message.type !== "event") return `${message.type} ${message.run}`;
    const { frame: number, sum } = message.metadata;
    return number === undefined ? `sum ${sum}` : `${message.run} ${number}`;
  });
