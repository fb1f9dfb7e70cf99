import { RunNotOpenError } from "../errors.ts";
import type { AnyMessage } from "../message/message.ts";
import type { Start } from "../message/start.ts";

/** Holds state that each run has for itself. */
export interface PerRun<T> {
  /** Gives the state of a message's run; throws for a run that is not open. */
  of(message: AnyMessage): T;
  /** Gives the states of the open runs. */
  values(): IterableIterator<T>;
}

interface State<T> {
  readonly stream: string;
  readonly value: T;
}

/** Keeps the states that one `perRun` declared. */
export class RunStates<T> implements PerRun<T> {
  readonly #create: (start: Start) => T;
  /** By run id; two streams may have runs of the same id open. */
  readonly #states = new Map<string, State<T>[]>();
  /** Says of which stream a message is, noted only where its run id does not tell. */
  readonly #streams = new WeakMap<AnyMessage, string>();
  #lastId: string | undefined;
  #last: State<T> | undefined;

  constructor(create: (start: Start) => T) {
    this.#create = create;
  }

  of(message: AnyMessage): T {
    const id = message.run;
    if (id !== undefined && id === this.#lastId) return (this.#last as State<T>).value;
    const states = id === undefined ? undefined : this.#states.get(id);
    const state = states?.length === 1 ? states[0] : states?.find(({ stream }) => stream === this.#streamOf(message));
    if (state === undefined) {
      throw new RunNotOpenError(
        id === undefined
          ? "perRun: the message belongs to no run; ask for state only of messages with a run"
          : `perRun: the run ${id} is not open; its state goes after its Stop was processed`,
      );
    }
    if (states?.length === 1) {
      this.#lastId = id;
      this.#last = state;
    }
    return state.value;
  }

  *values(): IterableIterator<T> {
    for (const states of this.#states.values()) for (const { value } of states) yield value;
  }

  /** Makes the state of a run; for the platform. */
  begin(start: Start, stream: string): void {
    this.end(start.run, stream);
    const state = { stream, value: this.#create(start) };
    const states = this.#states.get(start.run);
    if (states === undefined) this.#states.set(start.run, [state]);
    else states.push(state);
    this.#lastId = undefined;
  }

  /** Notes of which stream a message is; for the platform. */
  note(message: AnyMessage, stream: string): void {
    const id = message.run;
    if (id === undefined || id === this.#lastId) return;
    const states = this.#states.get(id);
    if (states !== undefined && states.length > 1) this.#streams.set(message, stream);
  }

  /** Drops the state of a run; for the platform. */
  end(run: string, stream: string): void {
    const states = this.#states.get(run)?.filter((state) => state.stream !== stream);
    if (states === undefined) return;
    if (states.length === 0) this.#states.delete(run);
    else this.#states.set(run, states);
    this.#lastId = undefined;
  }

  #streamOf(message: AnyMessage): string | undefined {
    return this.#streams.get(message) ?? message.envelope.origin?.stream;
  }
}
