// Compiles exactly when the package has what page.ts promises.
import * as arroyo from "arroyojs";
import * as testing from "arroyojs/testing";
import * as zmq from "arroyojs/zmq";
import type * as page from "./page.ts";

export const classes: {
  readonly NdArray: page.NdArrayClass;
  readonly Start: page.StartClass;
  readonly Event: page.EventClass;
  readonly Stop: page.StopClass;
  readonly Listener: page.ListenerClass;
  readonly AckPrefix: page.AckPrefixClass;
  readonly Publisher: page.PublisherClass;
  readonly Operator: page.OperatorClass;
  readonly Block: page.BlockClass;
  readonly compose: page.Compose;
  readonly mergeRuns: page.MergeRuns;
  readonly run: page.Run;
} = arroyo;
export const drive: page.Drive = testing.drive;
export const transports: {
  readonly ZmqListener: page.ZmqListenerClass;
  readonly ZmqPublisher: page.ZmqPublisherClass;
} = zmq;

/** Compiles only where what is given is what is wanted. */
type Is<Wanted, Given extends Wanted> = [Wanted, Given];
/** Compiles only where one can stand for the other, both ways. */
type Same<A extends B, B extends C, C = A> = [A, B, C];

type Scan = { readonly energy: number };
type Frame = { readonly frame: number };
type In = arroyo.Start<Scan> | arroyo.Event<Frame, arroyo.NdArray<"uint16">> | arroyo.Stop;
type Out = arroyo.Start<Scan> | arroyo.Event<Frame, arroyo.NdArray<"float64">> | arroyo.Stop;

/** What instances have. */
export type Instances = [
  Is<page.NdArrayShape<"uint16">, arroyo.NdArray<"uint16">>,
  Is<page.StartShape<Scan>, arroyo.Start<Scan>>,
  Is<page.EventShape<Frame, arroyo.NdArray<"uint16">>, arroyo.Event<Frame, arroyo.NdArray<"uint16">>>,
  Is<page.EventShape<Frame, arroyo.Payload>, arroyo.Event<Frame>>,
  Is<page.EventShape<Frame, Uint8Array>, arroyo.Event<Frame, Uint8Array>>,
  Is<page.StopShape<Scan>, arroyo.Stop<Scan>>,
  Is<page.ListenerShape<In>, arroyo.Listener<In>>,
  Is<page.PublisherShape<Out>, arroyo.Publisher<Out>>,
  Is<page.OperatorShape<In, Out>, arroyo.Operator<In, Out>>,
  Is<page.BlockShape, arroyo.Block<In, Out>>,
];

/** What programs both make and get. */
export type Exchanged = [
  Same<arroyo.Data, page.Data>,
  Same<arroyo.Message, page.Message>,
  Same<arroyo.Payload, page.Payload>,
  Same<arroyo.Arrays, page.Arrays>,
  Same<arroyo.DType, page.DType>,
  Same<arroyo.NumberType, page.NumberType>,
  Same<arroyo.Origin, page.Origin>,
  Same<arroyo.Envelope, page.Envelope>,
  Same<arroyo.StopReason, page.StopReason>,
  Same<arroyo.Limits, page.Limits>,
  Same<arroyo.Decoded<In>, page.Decoded<In>>,
  Same<arroyo.Codec<In>, page.Codec<In>>,
  Same<arroyo.Frames, page.Frames>,
  Same<arroyo.Settlement, page.Settlement>,
  Same<arroyo.Inlet<In>, page.Inlet<In>>,
  Same<arroyo.Context, page.Context>,
  Same<arroyo.FlushReason, page.FlushReason>,
  Same<arroyo.Several<Out>, page.Several<Out>>,
  Same<arroyo.Result<Out>, page.Result<Out>>,
  Same<arroyo.Process<In, Out>, page.Process<In, Out>>,
  Same<arroyo.Step<In, Out>, page.Step<In, Out>>,
  Same<arroyo.PerRun<Frame>, page.PerRun<Frame>>,
  Same<arroyo.Bounds, page.Bounds>,
  Same<arroyo.PublisherEntry<Out>, page.PublisherEntry<Out>>,
  Same<arroyo.Then, page.Then>,
  Same<arroyo.BlockOptions<In, Out>, page.BlockOptions<In, Out>>,
];

/** What may be left out has to be there all the same: the compiler does not miss it otherwise. */
export type Keys = [
  Is<keyof arroyo.Envelope, keyof page.Envelope>,
  Is<keyof arroyo.Decoded, keyof page.Decoded>,
  Is<keyof arroyo.Codec, keyof page.Codec>,
  Is<keyof arroyo.Bounds, keyof page.Bounds>,
  Is<keyof arroyo.Stop, keyof page.StopShape<Scan>>,
  Is<keyof arroyo.BlockOptions, keyof page.BlockOptions>,
  Is<keyof NonNullable<arroyo.BlockOptions["deadLetters"]>, keyof NonNullable<page.BlockOptions["deadLetters"]>>,
  Is<keyof ConstructorParameters<typeof zmq.ZmqListener>[0], keyof ConstructorParameters<page.ZmqListenerClass>[0]>,
  Is<keyof ConstructorParameters<typeof zmq.ZmqPublisher>[0], keyof ConstructorParameters<page.ZmqPublisherClass>[0]>,
];

/** What programs only get. */
export type Told = [
  Is<page.Counts, arroyo.Counts>,
  Is<page.Account, arroyo.Account>,
  Is<page.Driven<Out>, testing.Driven<Out>>,
];

/** A type that stands for a message of any contents does so for every message. */
export type Any = [
  Is<arroyo.AnyMessage, In>,
  Is<arroyo.AnyMessage, arroyo.Message>,
  Same<page.AnyMessage, arroyo.AnyMessage>,
];

/** Untyped names of the page stand for contents of unknown keys. */
export type Untyped = [
  Same<arroyo.Start, arroyo.Start<page.Data>>,
  Same<arroyo.Event, arroyo.Event<page.Data, page.Payload>>,
  Same<arroyo.Stop, arroyo.Stop<page.Data>>,
  Same<arroyo.Inlet, arroyo.Inlet<page.Message>>,
  Same<arroyo.Codec, arroyo.Codec<page.Message>>,
  Same<arroyo.Listener, arroyo.Listener<page.Message>>,
  Same<arroyo.Publisher, arroyo.Publisher<page.Message>>,
  Same<arroyo.Operator, arroyo.Operator<page.Message, page.Message>>,
  Same<arroyo.Process, arroyo.Process<page.Message, page.Message>>,
  Same<arroyo.BlockOptions, arroyo.BlockOptions<page.Message, page.Message>>,
  Same<arroyo.NdArray, arroyo.NdArray<page.NumberType>>,
];

/** Members of classes that only their subclasses reach. */
export abstract class Reaching extends arroyo.Publisher<Out> {
  readonly wire: (message: Out) => readonly (readonly Uint8Array[])[] = (message) => this.encode(message);
}
export abstract class Counting extends arroyo.Operator<In, Out> {
  readonly counts: page.PerRun<{ events: number }> = this.perRun((_start: arroyo.Start<Scan>) => ({ events: 0 }));
}
