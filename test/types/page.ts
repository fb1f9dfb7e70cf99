// The signatures that programs rely on, as they were promised: the product may say more, never less. Classes stand here
// as what `new` takes (`...Class`) and what an instance has (`...Shape`), since a class with private members is only
// itself. keeps-the-page.ts holds what the package exports against this page.
import type { Block, Event, Listener, NdArray, Operator, Publisher, Start, Stop } from "arroyojs";

export type Data = Readonly<Record<string, unknown>>;
export type Message = Start | Event | Stop;
// biome-ignore lint/suspicious/noExplicitAny: as promised
export type AnyMessage = Start<any> | Event<any, any> | Stop<any>;
export type Payload = Uint8Array | NdArray<DType>;

export interface Arrays {
  bool: Uint8Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
}
export type DType = keyof Arrays;
export type NumberType = Exclude<DType, "float16" | "int64" | "uint64">;
export type NdArrayClass = new <T extends DType = NumberType>(data: Arrays[T], shape?: readonly number[]) => NdArray<T>;
export interface NdArrayShape<T extends DType> {
  readonly dtype: T;
  readonly shape: readonly number[];
  readonly data: Arrays[T];
  readonly byteLength: number;
  is<U extends DType>(dtype: U): boolean;
}

export interface Origin {
  readonly stream: string;
  readonly partition: string;
  readonly sequence: number;
}
export interface Envelope {
  readonly run?: string;
  readonly key?: string;
  readonly timeMs?: number;
  readonly origin?: Origin;
  readonly headers?: readonly (readonly [string, string | Uint8Array])[];
}
export type StopReason = "completed" | "abandoned" | "interrupted";
export type StartClass = new <D = Data>(data: D, envelope?: Envelope & { readonly resumed?: boolean }) => Start<D>;
export interface StartShape<D> {
  readonly type: "start";
  readonly data: D;
  readonly run: string;
  readonly resumed: boolean;
  readonly envelope: Envelope;
}
export type EventClass = new <M = Data, P extends Payload = Payload>(
  metadata: M,
  payload: P,
  envelope?: Envelope,
) => Event<M, P>;
export interface EventShape<M, P extends Payload> {
  readonly type: "event";
  readonly metadata: M;
  readonly payload: P;
  readonly run: string | undefined;
  readonly envelope: Envelope;
  array(): P extends NdArray<infer T> ? (DType extends T ? NdArray : NdArray<T>) : NdArray;
  array<T extends DType>(dtype: T): NdArray<T>;
  field(name: string): unknown;
  with<M2 = M, P2 extends Payload = P>(change: { readonly metadata?: M2; readonly payload?: P2 }): Event<M2, P2>;
  keep(): Event<M, P>;
}
export type StopClass = new <D = Data>(
  data: D,
  envelope: Envelope & { readonly run: string; readonly reason?: StopReason },
) => Stop<D>;
export interface StopShape<D> {
  readonly type: "stop";
  readonly data: D;
  readonly run: string;
  readonly reason: StopReason;
  readonly account?: Account;
  readonly envelope: Envelope;
}

export interface Limits {
  readonly maxMessageBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxFrames: number;
  readonly maxDepth: number;
}
export interface Decoded<M extends AnyMessage = Message> {
  readonly message: M;
  readonly stream?: string;
  readonly sequence?: number;
  readonly control?: boolean;
}
export interface Codec<M extends AnyMessage = Message> {
  readonly name: string;
  readonly withoutStart?: "drop" | "make";
  reader(limits: Limits): (frames: readonly Uint8Array[]) => readonly Decoded<M>[];
  writer(): (message: M) => readonly (readonly Uint8Array[])[];
}
export type Frames = Uint8Array | readonly Uint8Array[];

export interface Settlement {
  ack(): void | Promise<void>;
  nack(reason: "failed" | "stopped"): void | Promise<void>;
}
export interface Inlet<M extends AnyMessage = Message> {
  ready(): void;
  put(message: M, settlement?: Settlement): void | Promise<void>;
  putFrames(frames: Frames, settlement?: Settlement): void | Promise<void>;
}
export type ListenerClass = abstract new <Out extends AnyMessage = Message>() => Listener<Out>;
export interface ListenerShape<Out extends AnyMessage> {
  readonly brings: Out;
  readonly replay: "none" | "unacked" | "log";
  readonly codec: Codec;
  start(inlet: Inlet<Out>, signal: AbortSignal): Promise<void>;
}
export type AckPrefixClass = new (
  commit: (sequence: number) => void | Promise<void>,
) => { track(sequence: number): Settlement };
export type PublisherClass = abstract new <In extends AnyMessage = Message>() => Publisher<In>;
export interface PublisherShape<In extends AnyMessage> {
  readonly takes: (message: In) => void;
  readonly confirms: boolean;
  readonly codec: Codec;
  open(signal: AbortSignal): void | Promise<void>;
  close(): void | Promise<void>;
  publish(message: In): void | Promise<void>;
  publishBatch(messages: readonly In[]): void | Promise<void>;
}

export interface Context {
  readonly signal: AbortSignal;
  readonly attempt: number;
  hold(): void;
  release(): void;
  flushIn(ms: number): void;
}
export type FlushReason = "timer" | "pressure" | "drain";
// biome-ignore lint/suspicious/noConfusingVoidType: as promised
export type Several<T> = T | Iterable<T> | AsyncIterable<T> | undefined | void;
export type Result<T> = Several<T> | Promise<Several<T>>;
export type Process<In extends AnyMessage = Message, Out extends AnyMessage = Message> = (
  message: In,
  context: Context,
) => Result<Out>;
export interface PerRun<T> {
  of(message: AnyMessage): T;
  values(): IterableIterator<T>;
}
export type OperatorClass = abstract new <
  In extends AnyMessage = Message,
  Out extends AnyMessage = Message,
>() => Operator<In, Out>;
export interface OperatorShape<In extends AnyMessage, Out extends AnyMessage> {
  readonly takes: (message: In) => void;
  readonly brings: Out;
  open(signal: AbortSignal): void | Promise<void>;
  close(): void | Promise<void>;
  process(message: In, context: Context): Result<Out>;
  flush(reason: FlushReason, context: Context): Result<Out>;
  addListener(listener: Listener<In>): Promise<void>;
  removeListener(listener: Listener<In>): Promise<void>;
  addPublisher(entry: PublisherEntry<Out>): Promise<void>;
  removePublisher(publisher: Publisher<Out>): Promise<void>;
}
export type Step<In extends AnyMessage, Out extends AnyMessage> = Operator<In, Out> | Process<In, Out>;
export type Compose = <A extends AnyMessage, B extends AnyMessage, C extends AnyMessage>(
  first: Step<A, B>,
  second: Step<B, C>,
) => Operator<A, C>;
export type MergeRuns = <M extends AnyMessage = Message>(options: {
  readonly streams: number;
  readonly waitMs?: number;
}) => Operator<M, M>;

export interface Bounds {
  readonly overflow?: "block" | "drop-oldest" | "drop-newest" | "latest";
  readonly maxMessages?: number;
  readonly maxBytes?: number;
}
export type PublisherEntry<M extends AnyMessage> =
  | Publisher<M>
  | ({ readonly publisher: Publisher<M>; readonly required?: boolean } & Bounds);
export type Then = "fail" | "skip" | "dead-letter";
export interface BlockOptions<In extends AnyMessage = Message, Out extends AnyMessage = Message> extends Bounds {
  readonly name: string;
  readonly description?: string;
  readonly listeners: readonly Listener<In>[];
  readonly operator?: Step<In, Out>;
  readonly publishers?: readonly PublisherEntry<Out>[];
  readonly guarantee?: "at-least-once" | "at-most-once";
  readonly recover?: "message" | "run";
  readonly concurrency?: number;
  readonly unordered?: boolean;
  readonly processTimeoutMs?: number;
  readonly onError?: Then | { readonly retries?: number; readonly then: Then };
  readonly deadLetters?: { readonly path: string; readonly maxBytes?: number };
  readonly drainMs?: number;
  readonly startWaitMs?: number;
  readonly abandonAfterMs?: number;
  readonly maxOpenRuns?: number;
  readonly withoutStart?: "drop" | "make";
}
export interface Counts {
  readonly received: number;
  readonly finished: number;
  readonly filtered: number;
  readonly published: number;
  readonly dropped: number;
  readonly failed: number;
  readonly dead: number;
  readonly left: number;
  readonly rejected: number;
  readonly droppedUpstream: number;
  readonly lost: number | "unknown";
  readonly reasons: Readonly<Record<string, number>>;
}
export interface Account extends Counts {
  readonly block: string;
  readonly runs: readonly (Counts & { readonly run: string; readonly stream: string })[];
  readonly hops: readonly Account[];
}
export type BlockClass = new <In extends AnyMessage = Message, Out extends AnyMessage = Message>(
  options: BlockOptions<In, Out>,
) => Block<In, Out>;
export interface BlockShape extends AsyncDisposable {
  readonly name: string;
  readonly account: Account;
  readonly finished: Promise<Account>;
  start(): Promise<void>;
  ready(): Promise<void>;
  stop(options?: { readonly deadlineMs?: number; readonly abandon?: boolean }): Promise<Account>;
  on(event: "run" | "lost" | "state" | "dead-letter" | "warning", listener: (news: Data) => void): this;
}
// biome-ignore lint/suspicious/noExplicitAny: as promised
export type Run = (...blocks: Block<any, any>[]) => Promise<Account[]>;

export interface Driven<Out> {
  readonly published: readonly Out[];
  readonly settled: readonly ("acked" | "nacked" | "open")[];
  readonly account: Account;
  readonly error: unknown;
}
export type Drive = <In extends AnyMessage, Out extends AnyMessage>(
  operator: Step<In, Out>,
  messages: readonly In[],
  options?: Partial<BlockOptions<In, Out>>,
) => Promise<Driven<Out>>;

export interface Wire {
  readonly codec?: Codec;
}
export interface Edge<M> extends Wire {
  readonly expect?: (message: Message) => M;
}
export interface ZmqEnds {
  readonly connect?: string | readonly string[];
  readonly bind?: string | readonly string[];
  readonly engine?: "auto" | "zmtp" | "libzmq";
}
export type ZmqListenerClass = new <M extends AnyMessage = Message>(
  options: Edge<M> & ZmqEnds & { readonly socket?: "sub" | "pull"; readonly topics?: readonly string[] },
) => Listener<M>;
export type ZmqPublisherClass = new <M extends AnyMessage = Message>(
  options: Wire & ZmqEnds & { readonly socket?: "pub" | "push"; readonly waitForSubscribers?: number },
) => Publisher<M>;
