import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { AbortedError, ArroyoError } from "../../errors.ts";
import type { Order, Word } from "./orders.ts";

/** Says what is measured. */
export interface Measured {
  readonly middle: "block" | "bare";
  readonly bytes: number;
  /** Messages per second; undefined: as many as go through. */
  readonly rate: number | undefined;
  readonly warmUpMs: number;
  readonly forMs: number;
}

/** Is what a measurement has found. */
export type Counted = Extract<Word, { what: "counted" }>;

/** Waits no longer than this beyond the measurement itself. */
const PATIENCE_MS = 30_000;

/** Measures once: three processes of this machine in a row over tcp, the middle one being what is measured. */
export async function measure(measured: Measured, signal: AbortSignal): Promise<Counted> {
  const { middle, bytes, rate, warmUpMs, forMs } = measured;
  const [first, second] = [await freeAddress(), await freeAddress()];
  const late = AbortSignal.timeout(warmUpMs + forMs + PATIENCE_MS);
  await using company = new Company(AbortSignal.any([signal, late]));
  const sink = company.begin({ role: "sink", at: second, bytes, warmUpMs, forMs });
  await company.said(sink, "ready");
  await company.said(company.begin({ role: middle, from: first, to: second, bytes }), "ready");
  company.begin({ role: "source", to: first, bytes, rate });
  return await company.said(sink, "counted");
}

/** Keeps processes, and ends them by their ids. */
class Company implements AsyncDisposable {
  readonly #signal: AbortSignal;
  readonly #children: ChildProcess[] = [];
  readonly #words = new Map<ChildProcess, Word[]>();
  #look: () => void = () => undefined;
  #failure: string | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#look(), { once: true });
  }

  begin(order: Order): ChildProcess {
    const here = import.meta.url;
    const path = fileURLToPath(new URL(`./worker${here.slice(here.lastIndexOf("."))}`, here));
    const child = fork(path, [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const words: Word[] = [];
    this.#children.push(child);
    this.#words.set(child, words);
    child.on("message", (word: Word) => {
      if (word.what === "failed") this.#failure ??= word.message;
      words.push(word);
      this.#look();
    });
    child.on("exit", () => {
      this.#failure ??= "a process of it ended";
      this.#look();
    });
    child.send(order);
    return child;
  }

  /** Resolves to a word of a process; rejects when one of them fails. */
  async said<W extends Word["what"]>(child: ChildProcess, what: W): Promise<Extract<Word, { what: W }>> {
    for (;;) {
      const word = this.#words.get(child)?.find((one) => one.what === what);
      if (word !== undefined) return word as Extract<Word, { what: W }>;
      if (this.#signal.aborted) throw new AbortedError("bench");
      if (this.#failure !== undefined) {
        throw new ArroyoError("CONNECTION", `bench: a measurement failed: ${this.#failure}; try again`);
      }
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#children.filter((child) => child.exitCode === null && child.signalCode === null);
    const ends = running.map((child) => once(child, "exit"));
    for (const child of running) child.kill("SIGKILL");
    await Promise.all(ends);
  }
}

async function freeAddress(): Promise<string> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return `tcp://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}
