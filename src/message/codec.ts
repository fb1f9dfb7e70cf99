import type { Sent } from "./account.ts";
import type { Limits } from "./limits.ts";
import type { AnyMessage, Message } from "./message.ts";

/** Bytes of one message: one body, or several frames. */
export type Frames = Uint8Array | readonly Uint8Array[];

/** Holds a message as a reader found it, with what its format says about the way it came. */
export interface Decoded<M extends AnyMessage = Message> {
  readonly message: M;
  /** The stream's name, where the format has one. */
  readonly stream?: string;
  /** The number that finds gaps; consecutive within stream, incarnation and topic. */
  readonly sequence?: number;
  /** True for a heartbeat or status, which belongs to no run. */
  readonly control?: boolean;
  /** Facts of this hop that only formats with incarnations have. */
  readonly hop?: Hop;
}

/** Says where a message stood on this hop, in formats that tell lives of a publisher apart. */
export interface Hop {
  /** The random id of one life of the publisher. */
  readonly incarnation: string;
  /** The topic or partition whose sequence this is. */
  readonly topic: string;
  /** Messages left out on purpose just before this one, same topic. */
  readonly skipped: number;
  /** True when several readers share the stream, so that a gap is not a loss. */
  readonly shared: boolean;
  /** True for a Start given again to whoever joined. */
  readonly copy: boolean;
  /** In Starts, Stops and signs of life: the next sequence of each topic. */
  readonly next?: ReadonlyMap<string, number>;
  /** With `next`: how many messages were left out since the last one of a topic that went out, where there are any. */
  readonly left?: ReadonlyMap<string, number>;
  /** In Starts: the next sequence of each topic when the run began. */
  readonly began?: ReadonlyMap<string, number>;
  /** In Stops: what was sent of the run, per topic. */
  readonly sent?: readonly HopSent[];
  /** In signs of life, which are control messages: the runs that are open at the publisher. */
  readonly open?: readonly string[];
}

/** Says what a publisher sent of one run under one topic. */
export interface HopSent {
  readonly topic: string;
  /** Events of the run that went out. */
  readonly events: number;
  /** Events of the run that were left out on purpose. */
  readonly skipped: number;
}

/** Says what a writer needs to know beside the message. */
export interface Writing {
  /** The topic under which the message goes out. */
  readonly topic?: string;
}

/** Is a message with the wire messages that a writer made of it. */
export interface Written<M extends AnyMessage = Message> {
  readonly message: M;
  readonly wire: readonly (readonly Uint8Array[])[];
}

/** Makes wire messages, each a list of frames; one for each publisher. Formats with sequences have the other members. */
export interface Writer<M extends AnyMessage = Message> {
  (message: M, writing?: Writing): readonly (readonly Uint8Array[])[];
  /** The random id of this life of the publisher. */
  readonly incarnation?: string;
  /** Takes sequence numbers for an event that is left out on purpose, so that the next one can say so. */
  skip?(message: M, writing?: Writing): void;
  /**
   * Takes a message that was written, refused, and is given up for one that was left out; gives the bytes of those that
   * were written after it, in which the next one says so.
   */
  refused?(written: Written<M>, later: readonly Written<M>[]): readonly Written<M>[];
  /** Makes the Starts of the open runs again, for whoever joins. */
  again?(): readonly (readonly Uint8Array[])[];
  /** Makes a sign of life; nothing while no run is open. */
  signOfLife?(): readonly Uint8Array[] | undefined;
  /** Says what was sent of an open run, as its source. */
  sent?(run: string): readonly Sent[];
}

/** Names the hop for a writer. */
export interface WriterOptions {
  /** The stream's name, which stands in Starts and signs of life. */
  readonly stream?: string;
  /** True when several readers share what is sent. */
  readonly shared?: boolean;
  /** True where the frames of a message are copied before the next one is written: then small ones may share memory. */
  readonly copied?: boolean;
  /** Makes random incarnations; injected in tests. */
  readonly random?: () => string;
}

/** Turns messages into frames of bytes and back; a facility's wire format is a codec. */
export interface Codec<M extends AnyMessage = Message> {
  readonly name: string;
  /** What happens to events of a run whose Start did not come, unless the block says otherwise. */
  readonly withoutStart?: "drop" | "make";
  /** Bounds that suit the format better than the usual ones, as more frames; they hold unless others are given. */
  readonly limits?: Partial<Limits>;
  /** Makes a reader for one source; it may keep state from message to message, and throws RejectedError. */
  reader(limits: Limits): (frames: readonly Uint8Array[]) => readonly Decoded<M>[];
  /** Makes a writer for one publisher. */
  writer(options?: WriterOptions): Writer<M>;
}
