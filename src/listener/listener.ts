import type { Codec, Decoded, Frames } from "../message/codec.ts";
import type { Limits } from "../message/limits.ts";
import type { AnyMessage, Message } from "../message/message.ts";
import { nativeCodec } from "../message/native/native-codec.ts";
import type { Settlement } from "../queue/settlement.ts";

/** Says what a source can give again: nothing, what was not acknowledged, or anything from a position on. */
export type Replay = "none" | "unacked" | "log";

/** Takes what a listener brings. */
export interface Inlet<M extends AnyMessage = Message> {
  /** Says that the source is connected, so that what is sent from now on arrives. */
  ready(): void;
  /** Takes a message; a promise says that the queue is full and resolves when the message was taken. */
  put(message: M, settlement?: Settlement): void | Promise<void>;
  /** Takes the bytes of a message as they came; otherwise as `put`. */
  putFrames(frames: Frames, settlement?: Settlement): void | Promise<void>;
}

/** Adds what the built-in transports tell beside messages. */
export interface PlatformInlet<M extends AnyMessage = Message> extends Inlet<M> {
  readonly limits: Limits;
  /** True where only code of this package gets the messages, which keeps nothing of one that is settled. */
  readonly staysInside?: boolean;
  /** Takes a message with the facts of its hop; `frames` are the bytes it was read from, where there are any. */
  putDecoded(decoded: Decoded<M>, settlement?: Settlement, frames?: readonly Uint8Array[]): void | Promise<void>;
  /** Says whether the source is connected; while it is not, silence means nothing. */
  connected(up: boolean): void;
  /** Says which topics arrive, as prefixes; the sequences of others are not looked at. */
  follow(topics: readonly string[]): void;
  /** Counts messages that the transport knows to be lost. */
  lost(messages: number, reason: string): void;
  /** Tells the user something that is not an error. */
  warn(message: string): void;
  /** Tells how many messages of the source are not finished here, by the partition; under "" where there are none. */
  lag?(waiting: ReadonlyMap<string, number>): void;
}

/** Adds what the transports tell whose source is divided among readers, and divided anew when one comes or goes. */
export interface PartitionedInlet<M extends AnyMessage = Message> extends PlatformInlet<M> {
  /**
   * Says which partitions arrive from now on, by the whole names that stand as topics in the hops. One that is new begins
   * anywhere; what was known of one that is gone is forgotten.
   */
  partitions(names: readonly string[]): void;
  /** Takes the Start of a run that is open where a partition begins; it may be open here already, or be over. */
  takeOver(start: Decoded<M>): void | Promise<void>;
  /** Ends the open runs as interrupted, since another reader goes on with a part of them; what still comes resumes them. */
  interrupted(): void;
}

/** Gives the inlet for divided sources where there is one: inside a block. */
export function partitionedInlet<M extends AnyMessage>(inlet: Inlet<M>): PartitionedInlet<M> | undefined {
  return "takeOver" in inlet ? (inlet as PartitionedInlet<M>) : undefined;
}

/** Gives the wider inlet where there is one: inside a block. */
export function platformInlet<M extends AnyMessage>(inlet: Inlet<M>): PlatformInlet<M> | undefined {
  return "putDecoded" in inlet ? (inlet as PlatformInlet<M>) : undefined;
}

/** Brings messages in. */
export abstract class Listener<Out extends AnyMessage = Message> {
  /** Exists only for the compiler: what this listener brings. */
  declare readonly brings: Out;
  /** What the source can give again. */
  readonly replay: Replay = "none";
  /** True when the operator gets a format's control messages too: heartbeats and status, events without a run. */
  readonly control: boolean = false;
  /** The form of the bytes given to `putFrames`. */
  readonly codec: Codec = nativeCodec;

  /**
   * Makes one attempt: connects, says `inlet.ready()`, then puts what comes until the signal aborts or the source ends.
   * Returning means that the source ended. A retryable error means "try me again".
   */
  abstract start(inlet: Inlet<Out>, signal: AbortSignal): Promise<void>;
}
