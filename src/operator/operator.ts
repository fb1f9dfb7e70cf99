import { UsageError } from "../errors.ts";
import type { Listener } from "../listener/listener.ts";
import type { AnyMessage, Message } from "../message/message.ts";
import type { Start } from "../message/start.ts";
import type { Publisher } from "../publisher/publisher.ts";
import type { PublisherEntry } from "../publisher/publisher-entry.ts";
import type { Context, FlushReason, Result } from "./context.ts";
import { type PerRun, RunStates } from "./per-run.ts";

/** What an operator's block does for it. */
export interface Host {
  addListener(listener: Listener<AnyMessage>): Promise<void>;
  removeListener(listener: Listener<AnyMessage>): Promise<void>;
  addPublisher(entry: PublisherEntry<AnyMessage>): Promise<void>;
  removePublisher(publisher: Publisher<AnyMessage>): Promise<void>;
  /** Tells whoever watches the block of something that needs attention. */
  warn(message: string): void;
}

/** Works on messages. */
export abstract class Operator<In extends AnyMessage = Message, Out extends AnyMessage = Message> {
  /** Exists only for the compiler: what this operator takes. */
  declare readonly takes: (message: In) => void;
  /** Exists only for the compiler: what this operator brings. */
  declare readonly brings: Out;
  /** True when runs of several streams that have one id leave as one run; then they are also held and released as one. */
  readonly mergesRuns: boolean = false;
  /** How many calls of `process` run at once in a block that does not say; undefined means one. */
  readonly concurrency: number | undefined = undefined;
  #states: RunStates<unknown>[] | undefined;
  #host: Host | undefined;
  #parts: readonly Operator<AnyMessage, AnyMessage>[] = [];

  /** Gets ready, before the first message. */
  open(_signal: AbortSignal): void | Promise<void> {}

  /** Gives up what `open` took, after the last message. */
  close(): void | Promise<void> {}

  /** Works on one message and gives back what comes of it. */
  abstract process(message: In, context: Context): Result<Out>;

  /** Gives out what was gathered. */
  flush(_reason: FlushReason, _context: Context): Result<Out> {
    return undefined;
  }

  /** Declares state that each run has for itself: made at its Start, dropped after its Stop. */
  // biome-ignore lint/suspicious/noExplicitAny: the contents of a Start are what the operator says they are
  protected perRun<T>(create: (start: Start<any>) => T): PerRun<T> {
    const states = new RunStates(create as (start: Start) => T);
    this.#states ??= [];
    this.#states.push(states as RunStates<unknown>);
    return states;
  }

  /** Adds a listener while the block runs. */
  addListener(listener: Listener<In>): Promise<void> {
    return this.#hosted("addListener").addListener(listener as unknown as Listener<AnyMessage>);
  }

  /** Ends a listener while the block runs; its open runs are interrupted. */
  removeListener(listener: Listener<In>): Promise<void> {
    return this.#hosted("removeListener").removeListener(listener as unknown as Listener<AnyMessage>);
  }

  /** Adds a publisher while the block runs; it first gets the Starts of the open runs. */
  addPublisher(entry: PublisherEntry<Out>): Promise<void> {
    return this.#hosted("addPublisher").addPublisher(entry as unknown as PublisherEntry<AnyMessage>);
  }

  /** Ends a publisher while the block runs, after all that it was given has left. */
  removePublisher(publisher: Publisher<Out>): Promise<void> {
    return this.#hosted("removePublisher").removePublisher(publisher as unknown as Publisher<AnyMessage>);
  }

  /** Puts an operator into a block, or takes it out; for the platform. */
  static host(operator: Operator<AnyMessage, AnyMessage>, host: Host | undefined): void {
    if (host !== undefined && operator.#host !== undefined) {
      throw new UsageError(`${operator.constructor.name}: is already in another block; make one operator for each`);
    }
    operator.#host = host;
    for (const part of operator.#parts) Operator.host(part, host);
  }

  /** Warns whoever watches the block that an operator is in; for the platform. */
  static warn(operator: Operator<AnyMessage, AnyMessage>, message: string): void {
    operator.#host?.warn(message);
  }

  /** Makes one operator of parts, each of which gets what the one before it makes; for the platform. */
  static join(operator: Operator<AnyMessage, AnyMessage>, parts: readonly Operator<AnyMessage, AnyMessage>[]): void {
    operator.#parts = parts;
  }

  /** Gives the parts that an operator was made of; for the platform. */
  static parts(operator: Operator<AnyMessage, AnyMessage>): readonly Operator<AnyMessage, AnyMessage>[] {
    return operator.#parts;
  }

  /** Gives what `perRun` declared; for the platform. */
  static states(operator: Operator<AnyMessage, AnyMessage>): readonly RunStates<unknown>[] | undefined {
    return operator.#states;
  }

  #hosted(method: string): Host {
    if (this.#host !== undefined) return this.#host;
    throw new UsageError(`${this.constructor.name}.${method}: the operator is in no block; put it into one first`);
  }
}
