import { Duplex } from "node:stream";
import { ConnectionError, UsageError } from "../../../errors.ts";
import { isBorrowed } from "../lent-memory.ts";

/** Takes one end of a connection within this process. */
type Answering = (stream: Duplex) => void;

/** Those who can be called within this process, by name: the name space of `inproc` is the process. */
const names = new Map<string, Answering>();

/** Takes calls at a name; gives what ends it. */
export function answerInside(subject: string, name: string, answering: Answering): () => void {
  if (names.has(name)) {
    throw new UsageError(`${subject}: cannot bind to inproc://${name}: this process has it already; take another name`);
  }
  names.set(name, answering);
  return () => {
    names.delete(name);
  };
}

/** Calls a name; undefined when nobody is bound to it. */
export function callInside(name: string): Duplex | undefined {
  const answering = names.get(name);
  if (answering === undefined) return undefined;
  const [ours, theirs] = pair();
  answering(theirs);
  return ours;
}

/** Makes two streams of which each reads what the other one writes. */
function pair(): readonly [Duplex, Duplex] {
  const one = new End();
  const other = new End();
  one.join(other);
  other.join(one);
  return [one, other];
}

/** Is one end of a connection within the process. */
class End extends Duplex {
  #other: End | undefined;
  /** The other end's write, which waits until this one reads. */
  #waiting: ((error?: Error) => void) | undefined;
  #isOver = false;

  constructor() {
    // As a socket does, it ends itself when the other side has.
    super({ allowHalfOpen: false, writableHighWaterMark: 64 * 1024, readableHighWaterMark: 64 * 1024 });
  }

  join(other: End): void {
    this.#other = other;
  }

  override _read(): void {
    const wake = this.#waiting;
    this.#waiting = undefined;
    wake?.();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    // The other side gets the same memory, and nobody knows when it is done with that.
    const own = isBorrowed(chunk) ? new Uint8Array(chunk) : chunk;
    // Not at once: the other side may be in the midst of what came before, to which this is the answer.
    queueMicrotask(() => (this.#other as End).#take(own, done));
  }

  override _final(done: () => void): void {
    (this.#other as End).#end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#isOver = true;
    (this.#other as End).#end();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(new ConnectionError("inproc: the other side is gone"));
    done(error);
  }

  #take(chunk: Uint8Array, done: (error?: Error) => void): void {
    if (this.#isOver) done(new ConnectionError("inproc: the other side is gone"));
    else if (this.push(chunk)) done();
    else this.#waiting = done;
  }

  /** What was written before is still read. */
  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.push(null);
  }
}
