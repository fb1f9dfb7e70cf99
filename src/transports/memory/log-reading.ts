import { AckPrefix } from "../../listener/ack-prefix.ts";
import type { Inlet } from "../../listener/listener.ts";
import type { Decoded } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Reading } from "./reading.ts";
import type { RetainedLog } from "./retained-log.ts";

/** What a reader of a log is told. */
export interface LogReadingOptions {
  readonly from: number;
  /** Takes the finished prefix; undefined where nothing is remembered. */
  readonly commit: ((position: number) => void) | undefined;
  moved(): void;
  left(reading: LogReading): void;
}

/** Is one reader of a log. */
export class LogReading extends Reading {
  readonly #log: RetainedLog;
  readonly #options: LogReadingOptions;
  readonly #prefix: AckPrefix | undefined;
  /** Starts of the runs that are open where this reader begins. */
  readonly #starts: Decoded<AnyMessage>[];
  #position: number;
  #pumping = false;
  #finishing = false;

  constructor(
    log: RetainedLog,
    inlet: Inlet<AnyMessage>,
    topics: readonly string[] | undefined,
    signal: AbortSignal,
    options: LogReadingOptions,
  ) {
    super(inlet, topics, signal);
    this.#log = log;
    this.#options = options;
    this.#prefix = options.commit === undefined ? undefined : new AckPrefix(options.commit);
    this.#position = options.from;
    this.#starts = [...log.openAt(options.from)];
  }

  /** The position of the message that is put next. */
  get position(): number {
    return this.#position;
  }

  /** Puts as much as there is room for. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.full && !this.over) if (!this.#putNext()) break;
    this.#pumping = false;
  }

  /** Leaves after everything that was published has been taken. */
  finish(): void {
    this.#finishing = true;
    this.pump();
  }

  protected override room(): void {
    this.pump();
    this.#options.moved();
  }

  protected override left(): void {
    this.#options.left(this);
  }

  #putNext(): boolean {
    const start = this.#starts.shift();
    if (start !== undefined) {
      this.give(start);
      return true;
    }
    const position = this.#position;
    const decoded = this.#log.at(position);
    if (decoded === undefined) {
      if (this.#finishing) this.end();
      return false;
    }
    this.#position = position + 1;
    if (this.follows(decoded)) this.give(decoded, this.#prefix?.track(position));
    return true;
  }
}
