import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Is what a program says: its kind, and figures of that kind. */
export type Word = { readonly said: string } & Readonly<Record<string, unknown>>;

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** When, on the clock of `performance.now`. */
  readonly atMs: number;
}

/** The longest wait for one word. */
const PATIENCE_MS = 120_000;

/**
 * Runs one of `bench/programs` as a process of its own, by plain Node on the built package; it is ended with this object.
 */
export class Program implements AsyncDisposable {
  readonly startedAt: number = performance.now();
  readonly ended: Promise<Ended>;
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #words: Word[] = [];
  readonly #watchers = new Set<() => void>();
  #stderr = "";
  #isOver = false;

  constructor(name: string, options: object = {}, flags: readonly string[] = []) {
    this.#name = name;
    const path = fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url));
    this.#process = fork(path, [JSON.stringify(options)], {
      // Not what started the benchmark itself: a loader of TypeScript would cost time and memory.
      execArgv: [...flags],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
    this.#process.on("message", (word) => {
      this.#words.push(word as Word);
      this.#look();
    });
    this.ended = new Promise((resolve) => {
      this.#process.once("exit", (code, signal) => resolve({ code, signal, atMs: performance.now() }));
    });
    // What it said last may come after the news of its end.
    const silent = new Promise((resolve) => this.#process.once("disconnect", resolve));
    void Promise.all([this.ended, silent]).then(() => {
      this.#isOver = true;
      this.#look();
    });
  }

  /** What it wrote on standard error. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until it says a word of a kind. */
  word<T = Word>(said: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        settle();
      };
      const look = (): void => {
        const index = this.#words.findIndex((word) => word.said === said);
        if (index >= 0) end(() => resolve(this.#words.splice(index, 1)[0] as T));
        else if (this.#isOver) end(() => reject(this.#failure(`ended without saying "${said}"`)));
      };
      const late = (): void => end(() => reject(this.#failure(`did not say "${said}" in ${PATIENCE_MS / 1000} s`)));
      const timer = setTimeout(late, PATIENCE_MS);
      this.#watchers.add(look);
      look();
    });
  }

  /** Gives what it said of a kind until now. */
  words<T = Word>(said: string): readonly T[] {
    return this.#words.filter((word) => word.said === said) as unknown as readonly T[];
  }

  /** Tells it something. */
  tell(order: string): void {
    // One that has just ended needs no order.
    if (this.#process.connected) this.#process.send(order, () => undefined);
  }

  /** Sends it a signal; gives the time of that. */
  signal(signal: NodeJS.Signals): number {
    this.#process.kill(signal);
    return performance.now();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#process.kill("SIGKILL");
    await this.ended;
  }

  #failure(what: string): Error {
    return new Error(`bench: ${this.#name} ${what}${this.#stderr === "" ? "" : `:\n${this.#stderr}`}`);
  }

  #look(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
