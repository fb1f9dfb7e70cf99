export { accountText, missingText } from "./block/account-text.ts";
export { Block, type Load, type World } from "./block/block.ts";
export type { BlockOptions, OnError, Then } from "./block/options.ts";
export { run } from "./block/run.ts";
export {
  type DeadLetter,
  type DeadLetterStore,
  type DeadLetterSummary,
  FileStore as FileDeadLetterStore,
  type FileStoreOptions as FileDeadLetterStoreOptions,
  MemoryStore as MemoryDeadLetterStore,
} from "./dead-letters/index.ts";
export {
  AbortedError,
  ArroyoError,
  type Code,
  ConnectionError,
  DeadLettersError,
  DeadLettersFullError,
  DeadlineError,
  HeldTooMuchError,
  isRetryable,
  MissingPackageError,
  ProcessError,
  PromiseError,
  PublishError,
  RejectedError,
  RunNotOpenError,
  SeveralErrors,
  SplitRunError,
  TimedOutError,
  UsageError,
} from "./errors.ts";
export type { BlockEvents, State } from "./events.ts";
export { type Inlet, Listener, type PlatformInlet, platformInlet, type Replay } from "./listener/listener.ts";
export type { Account, Counts, Missing, RunCounts, Sent } from "./message/account.ts";
export type { Codec, Decoded, Frames, Hop, HopSent, Writer, WriterOptions, Writing } from "./message/codec.ts";
export type { Envelope, Headers, Origin, Trace } from "./message/envelope.ts";
export { Event } from "./message/event.ts";
export { jsonCodec } from "./message/json-codec.ts";
export { DEFAULT_LIMITS, type Limits } from "./message/limits.ts";
export type { AnyMessage, Data, Message, Payload } from "./message/message.ts";
export { nativeCodec } from "./message/native/native-codec.ts";
export { type Arrays, type DType, NdArray, type NumberType } from "./message/ndarray.ts";
export { rawCodec } from "./message/raw-codec.ts";
export { Start } from "./message/start.ts";
export { Stop, type StopReason } from "./message/stop.ts";
export { compose } from "./operator/compose.ts";
export type { Context, FlushReason, Result, Several } from "./operator/context.ts";
export type { Process, Step } from "./operator/function-operator.ts";
export { mergeRuns } from "./operator/merge-runs.ts";
export { Operator } from "./operator/operator.ts";
export type { PerRun } from "./operator/per-run.ts";
export { type ParallelOptions, parallel } from "./operator/threads/parallel.ts";
export { Publisher } from "./publisher/publisher.ts";
export type { Bounds, PublisherEntry } from "./publisher/publisher-entry.ts";
export { AckPrefix } from "./queue/ack-prefix.ts";
export type { Overflow } from "./queue/queue-bounds.ts";
export type { Settlement } from "./queue/settlement.ts";
export type { Clock } from "./time/clock.ts";
