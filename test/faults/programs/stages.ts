import { say } from "../../process/programs/speech.ts";
import type { Stage } from "../cases.ts";

/** Says what is to happen when a stage is reached for the n-th time. */
export interface Turn {
  readonly at: Stage;
  readonly number: number;
  /** Before or after the work of the stage; what waits, waits before it. */
  readonly when: "before" | "after";
  /** The process dies by SIGKILL, or says that it is there and waits for `go`. */
  readonly act: "die" | "wait";
}

/** Counts how often each stage is reached, and does there what was asked for. */
export class Stages {
  readonly #turns: readonly Turn[];
  readonly #counts = new Map<Stage, number>();
  /** What waits, oldest first: an operator and a publisher may wait at the same time. */
  readonly #waiting: (() => void)[] = [];

  constructor(turns: readonly Turn[]) {
    this.#turns = turns;
  }

  /** Lets go on what has waited longest. */
  go(): void {
    this.#waiting.shift()?.();
  }

  /** Does the work of a stage; gives what the work gives. */
  around<T>(at: Stage, work: () => T): T | Promise<Awaited<T>> {
    const number = (this.#counts.get(at) ?? 0) + 1;
    this.#counts.set(at, number);
    const turn = this.#turns.find((one) => one.at === at && one.number === number);
    if (turn === undefined) return work();
    if (turn.act === "wait") return this.#waited(at, number).then(work) as Promise<Awaited<T>>;
    if (turn.when === "before") process.kill(process.pid, "SIGKILL");
    const done = work();
    if (!(done instanceof Promise)) process.kill(process.pid, "SIGKILL");
    return Promise.resolve(done).then((value) => {
      process.kill(process.pid, "SIGKILL");
      return value;
    });
  }

  #waited(stage: Stage, number: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      say({ say: "at", stage, number });
    });
  }
}
