import type { LiveArray } from "./live-array.ts";

/** Holds keys of unknown meaning. */
export type LiveData = Readonly<Record<string, unknown>>;

/** Holds what every message has around its content. */
export interface LiveEnvelope {
  /** The name of the stream, where the publisher has one. */
  readonly stream?: string;
  readonly key?: string;
  /** Milliseconds since 1970 UTC. */
  readonly timeMs?: number;
  /** The place of the message at its first source. */
  readonly origin?: { readonly stream: string; readonly partition: string; readonly sequence: number };
  readonly headers?: readonly (readonly [string, string | Uint8Array])[];
  /** The random id of the publisher's life. */
  readonly incarnation?: string;
  /** The number of the message: events have theirs, Starts and Stops another. */
  readonly sequence?: number;
}

/** Opens a run. */
export interface LiveStart extends LiveEnvelope {
  readonly type: "start";
  readonly run: string;
  /** True when the run was open before this client came. */
  readonly resumed: boolean;
  readonly data: LiveData;
}

/** Carries one piece of data: bytes or an array. */
export interface LiveEvent extends LiveEnvelope {
  readonly type: "event";
  readonly run?: string;
  readonly metadata: LiveData;
  readonly payload: Uint8Array | LiveArray;
  /** Events that this client was not given since the one before. */
  readonly missed: number;
}

/** Ends a run. */
export interface LiveStop extends LiveEnvelope {
  readonly type: "stop";
  readonly run: string;
  readonly reason: "completed" | "abandoned" | "interrupted";
  readonly data: LiveData;
}

/** Is what a client gets. */
export type LiveMessage = LiveStart | LiveEvent | LiveStop;

/** Says that the publisher lives, and which runs are open there. */
export interface SignOfLife {
  readonly type: "alive";
  readonly open: readonly string[];
}

/** Says that bytes are not a message of the expected form. */
export class LiveFormatError extends Error {
  override readonly name = "LiveFormatError";
}
