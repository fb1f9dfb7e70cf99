import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The longest wait for anything that a process should do. */
export const PATIENCE_MS = 20_000;
const KEPT_CHARACTERS = 4_000;

/** Says how a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How to start a process, beside its program. */
export interface ChildOptions {
  /** Flags of Node, before the program. */
  readonly flags?: readonly string[];
  /** Arguments of the program; an object goes as JSON. */
  readonly args?: readonly (string | object)[];
}

/**
 * A process of its own that runs a TypeScript program and talks over IPC. It is ended by its id at the end of the test,
 * whatever became of the test.
 */
export class Child<Word extends object = object, Order extends object | string = object | string>
  implements AsyncDisposable
{
  /** What it said, oldest first. */
  readonly words: Word[] = [];
  /** What it wrote. */
  readonly written = { stdout: "", stderr: "" };
  /** How it ended; absent while it runs. */
  ended: Ended | undefined;
  readonly #name: string;
  readonly #process: ChildProcess;
  /** Its output is complete too. */
  readonly #closed: Promise<unknown>;
  readonly #watchers = new Set<() => void>();

  constructor(program: URL, { flags = [], args = [] }: ChildOptions = {}) {
    const path = fileURLToPath(program);
    this.#name = path.slice(path.lastIndexOf("/") + 1);
    const texts = args.map((arg) => (typeof arg === "string" ? arg : JSON.stringify(arg)));
    this.#process = fork(path, texts, {
      execArgv: ["--import", "tsx", ...flags],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#closed = once(this.#process, "close");
    for (const name of ["stdout", "stderr"] as const) {
      this.#process[name]?.setEncoding("utf8").on("data", (text: string) => {
        this.written[name] += text;
        this.#look();
      });
    }
    this.#process.on("message", (word) => {
      this.words.push(word as Word);
      this.#look();
    });
    this.#process.on("exit", (code, signal) => {
      this.ended = { code, signal };
      this.#look();
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** Gives an order over IPC. One that cannot arrive, since the process is gone, is no error. */
  order(order: Order): void {
    if (this.#process.connected) this.#process.send(order, () => undefined);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves when the condition holds; it is looked at after each word, output and end. */
  until(condition: () => boolean, what: string, patienceMs: number = PATIENCE_MS): Promise<void> {
    return untilNews([this], condition, what, patienceMs);
  }

  /** Calls back after each word, output and end; gives what ends that. */
  watch(look: () => void): () => void {
    this.#watchers.add(look);
    return () => void this.#watchers.delete(look);
  }

  /** Resolves to the first word that fits. */
  async heard<W extends Word>(fits: (word: Word) => word is W, what: string): Promise<W> {
    await this.until(() => this.words.some(fits), what);
    return this.words.find(fits) as W;
  }

  /** Resolves when it has ended and its output is complete. */
  async end(patienceMs: number = PATIENCE_MS): Promise<Ended> {
    await this.until(() => this.ended !== undefined, "its end", patienceMs);
    await this.#closed;
    return this.ended as Ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ended !== undefined) return;
    this.#process.kill("SIGKILL");
    await once(this.#process, "exit");
  }

  #look(): void {
    for (const look of [...this.#watchers]) look();
  }

  /** Describes its state and the end of what it said, for failures. */
  get story(): string {
    const { code, signal } = this.ended ?? {};
    const state = this.ended === undefined ? "runs" : `ended with code ${code}, signal ${signal}`;
    const tail = (text: string): string => text.slice(-KEPT_CHARACTERS);
    const words = tail(this.words.map((word) => JSON.stringify(word)).join("\n"));
    return `${this.#name} ${state}; it said:\n${words}\non standard error:\n${tail(this.written.stderr)}`;
  }
}

/** Resolves when a condition on several processes holds; fails with all their stories when it cannot or is late. */
export function untilNews(
  // biome-ignore lint/suspicious/noExplicitAny: children of any words
  children: readonly Child<any, any>[],
  condition: () => boolean,
  what: string,
  patienceMs: number = PATIENCE_MS,
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      for (const unwatch of unwatches) unwatch();
      settle();
    };
    const fail = (reason: string): void => {
      const stories = children.map(({ story }) => story).join("\n\n");
      done(() => reject(new Error(`${reason}: ${what}\n\n${stories}`)));
    };
    const look = (): void => {
      if (condition()) done(resolve);
      else if (children.every(({ ended }) => ended !== undefined)) fail("all ended before");
    };
    const timer = setTimeout(() => fail(`waited ${patienceMs} ms for`), patienceMs);
    const unwatches = children.map((child) => child.watch(look));
    look();
  });
}
