export type { Account, Counts, Missing, RunCounts, Sent } from "./account.ts";
export type { Codec, Decoded, Frames, Hop, HopSent, Writer, WriterOptions, Writing } from "./codec.ts";
export type { Envelope, Headers, Origin, Trace } from "./envelope.ts";
export { Event } from "./event.ts";
export { DEFAULT_LIMITS, type Limits } from "./limits.ts";
export type { AnyMessage, Data, Message, Payload } from "./message.ts";
export { type Arrays, type DType, NdArray, type NumberType } from "./ndarray.ts";
export { Start } from "./start.ts";
export { Stop, type StopReason } from "./stop.ts";
