import { RejectedError } from "../../errors.ts";
import type { PartitionedInlet } from "../../listener/listener.ts";
import type { Codec, Decoded, Frames } from "../../message/codec.ts";
import { type Limits, limitsOf } from "../../message/limits.ts";
import type { AnyMessage } from "../../message/message.ts";
import type { Settlement } from "../../queue/settlement.ts";

/** Holds what a listener put, as it came. */
export interface Recorded {
  readonly decoded: Decoded<AnyMessage>;
  readonly settlement: Settlement | undefined;
}

/** Takes what a listener brings and remembers it; can be full for as long as a test wishes. */
export class RecordingInlet implements PartitionedInlet<AnyMessage> {
  readonly limits: Limits;
  /** Everything that was put, in order, except copies of Starts and control messages. */
  readonly taken: Recorded[] = [];
  /** Starts that were given again to whoever joined. */
  readonly copies: Recorded[] = [];
  /** Signs of life, heartbeats, status. */
  readonly control: Recorded[] = [];
  readonly rejections: RejectedError[] = [];
  /** How many messages had been put when `ready` was called, for each call. */
  readonly readyAt: number[] = [];
  readonly connections: boolean[] = [];
  readonly followed: (readonly string[])[] = [];
  readonly losses: { readonly messages: number; readonly reason: string }[] = [];
  readonly warnings: string[] = [];
  /** What was said of which partitions are read. */
  readonly divisions: (readonly string[])[] = [];
  /** How often a part of the source was said to have gone to another reader. */
  interruptions = 0;
  /** How often something was put while an earlier put had not been taken. */
  overruns = 0;
  readonly #read: (frames: readonly Uint8Array[]) => readonly Decoded<AnyMessage>[];
  #puts = 0;
  #full = false;
  #waiting: (() => void)[] = [];

  constructor(codec: Codec, limits: Limits = limitsOf(codec)) {
    this.limits = limits;
    this.#read = codec.reader(limits);
  }

  /** The messages that were put, in order. */
  get messages(): readonly AnyMessage[] {
    return this.taken.map(({ decoded }) => decoded.message);
  }

  /** How often anything was put. */
  get puts(): number {
    return this.#puts;
  }

  /** How many puts wait to be taken. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes nothing more: the next put waits until `open`. */
  shut(): void {
    this.#full = true;
  }

  /** Takes what waits, and all that comes. */
  open(): void {
    this.#full = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const take of waiting) take();
  }

  ready(): void {
    this.readyAt.push(this.#puts);
  }

  put(message: AnyMessage, settlement?: Settlement): void | Promise<void> {
    return this.putDecoded({ message }, settlement);
  }

  putFrames(frames: Frames, settlement?: Settlement): void | Promise<void> {
    let read: readonly Decoded<AnyMessage>[];
    try {
      read = this.#read(frames instanceof Uint8Array ? [frames] : frames);
    } catch (error) {
      if (!(error instanceof RejectedError)) throw error;
      this.#puts += 1;
      this.rejections.push(error);
      return settlement?.ack();
    }
    this.#puts += 1;
    for (const decoded of read) this.#record({ decoded, settlement });
    return this.#taken();
  }

  putDecoded(decoded: Decoded<AnyMessage>, settlement?: Settlement): void | Promise<void> {
    this.#puts += 1;
    this.#record({ decoded, settlement });
    return this.#taken();
  }

  partitions(names: readonly string[]): void {
    this.divisions.push(names);
  }

  takeOver(start: Decoded<AnyMessage>): void | Promise<void> {
    return this.putDecoded(start);
  }

  interrupted(): void {
    this.interruptions += 1;
  }

  connected(up: boolean): void {
    this.connections.push(up);
  }

  follow(topics: readonly string[]): void {
    this.followed.push(topics);
  }

  lost(messages: number, reason: string): void {
    this.losses.push({ messages, reason });
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  #record(recorded: Recorded): void {
    const { control, hop } = recorded.decoded;
    if (control === true) this.control.push(recorded);
    else if (hop?.copy === true) this.copies.push(recorded);
    else this.taken.push(recorded);
  }

  #taken(): void | Promise<void> {
    if (!this.#full) return undefined;
    if (this.#waiting.length > 0) this.overruns += 1;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
