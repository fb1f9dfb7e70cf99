// Parts of blocks for the programs beside this file, which are compiled and never run.
import {
  type Event,
  type Inlet,
  Listener,
  type Message,
  type NdArray,
  Operator,
  Publisher,
  type Start,
  type Stop,
} from "arroyojs";

export type Scan = { readonly energy: number };
export type Frame = { readonly frame: number };
export type Mean = Frame & { readonly mean: number };

/** Contents may be interfaces too, which are no records of unknown keys to the compiler. */
export interface Motor {
  readonly axis: string;
}

/** Is a stream of frames, its contents as given. */
export type Frames<D, M, P extends Uint8Array | NdArray<"uint16"> | NdArray<"int32">> = Start<D> | Event<M, P> | Stop;
export type In = Frames<Scan, Frame, NdArray<"uint16">>;
export type Out = Start<Scan> | Event<Mean, NdArray<"float64">> | Stop;
export type Moves = Start<Motor> | Event<Motor, NdArray<"float64">> | Stop<Motor>;

export declare class Detector extends Listener<In> {
  start(inlet: Inlet<In>, signal: AbortSignal): Promise<void>;
}
export declare class SignedDetector extends Listener<Frames<Scan, Frame, NdArray<"int32">>> {
  start(inlet: Inlet<never>, signal: AbortSignal): Promise<void>;
}
export declare class RawDetector extends Listener<Frames<Scan, Frame, Uint8Array>> {
  start(inlet: Inlet<never>, signal: AbortSignal): Promise<void>;
}
export declare class TextEnergy extends Listener<Frames<{ readonly energy: string }, Frame, NdArray<"uint16">>> {
  start(inlet: Inlet<never>, signal: AbortSignal): Promise<void>;
}
export declare class TextFrame extends Listener<Frames<Scan, { readonly frame: string }, NdArray<"uint16">>> {
  start(inlet: Inlet<never>, signal: AbortSignal): Promise<void>;
}
export declare class Unnumbered extends Listener<Frames<Scan, { readonly name: string }, NdArray<"uint16">>> {
  start(inlet: Inlet<never>, signal: AbortSignal): Promise<void>;
}
export declare class Unknown extends Listener {
  start(inlet: Inlet, signal: AbortSignal): Promise<void>;
}
export declare class Stage extends Listener<Moves> {
  start(inlet: Inlet<Moves>, signal: AbortSignal): Promise<void>;
}

export declare class MeanOf extends Operator<In, Out> {
  process(message: In): Out;
}
export declare class Twice extends Operator<In, In> {
  process(message: In): readonly In[];
}
export declare class Count extends Operator {
  process(message: Message): Message;
}
export declare class Steps extends Operator<Moves, Moves> {
  process(message: Moves): Moves;
}

export declare class MeanFile extends Publisher<Out> {
  publish(message: Out): void;
}
export declare class FrameFile extends Publisher<In> {
  publish(message: In): void;
}
export declare class PeakFile extends Publisher<
  Start<Scan> | Event<{ readonly peak: number }, NdArray<"float64">> | Stop
> {
  publish(message: unknown): void;
}
export declare class BytesFile extends Publisher<Start<Scan> | Event<Frame, Uint8Array> | Stop> {
  publish(message: unknown): void;
}
export declare class Log extends Publisher {
  publish(message: Message): void;
}

export declare const start: Start<Scan>;
export declare const frame: Event<Frame, NdArray<"uint16">>;
export declare const mean: Event<Mean, NdArray<"float64">>;
export declare const stop: Stop;
