import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { Child } from "../process/child.ts";
import type { FaultCase, ReaderName } from "./cases.ts";
import type { Ends, Place } from "./ends.ts";
import { type Body, Feed, idsIn } from "./feed.ts";
import { type Expected, judge, type Verdict } from "./oracle.ts";
import type { Turn } from "./programs/stages.ts";
import type { WorkerOptions, WorkerOrder, WorkerWord } from "./programs/words.ts";

/** A worker's process. */
export type Worker = Child<WorkerWord, WorkerOrder>;

const PROGRAM = new URL("programs/worker.ts", import.meta.url);
const LOOK_MS = 20;
/** How long the rest may take after the last fault: brokers and clients have to come back first. */
const FINISH_MS = 30_000;

/** Is one case while it is played: two queues, what is fed, and the workers between them. */
export class Trial implements AsyncDisposable {
  readonly ends: Ends;
  readonly feed: Feed;
  readonly #case: FaultCase;
  readonly #reader: ReaderName;
  readonly #place: Place;
  readonly #folder: string;
  readonly #workers: Worker[] = [];
  #filled = 0;

  private constructor(ends: Ends, one: FaultCase, reader: ReaderName, feed: Feed, place: Place, folder: string) {
    this.ends = ends;
    this.feed = feed;
    this.#case = one;
    this.#reader = reader;
    this.#place = place;
    this.#folder = folder;
  }

  static async open(ends: Ends, one: FaultCase, reader: ReaderName, seed: number): Promise<Trial> {
    // Consumers that share a source share its messages, whatever run they are of.
    const isShared = one.fault.kind === "consumer";
    const partitions = isShared && reader === "kafka group" ? 3 : 1;
    const feed = new Feed({ seed, runs: !isShared, partitions });
    const folder = await mkdtemp(join(tmpdir(), "arroyo-faults-"));
    return new Trial(ends, one, reader, feed, await ends.make(reader, partitions), folder);
  }

  /** Where dead letters are kept. */
  get letters(): string {
    return join(this.#folder, "letters");
  }

  /** Writes a share of what is left into the source; `between` comes after it. */
  async fill(share: number, between: readonly Buffer[] = []): Promise<void> {
    const extra = between.map((bytes): Body => ({ bytes, partition: 0 }));
    const bodies = [...this.feed.take(share), ...extra];
    await this.ends.fill(this.#place, bodies);
    this.#filled += bodies.length;
  }

  /** Starts a worker. */
  work(turns: readonly Turn[] = [], options: Partial<WorkerOptions> = {}): Worker {
    const { from, to } = this.#place;
    const worker: Worker = new Child(PROGRAM, {
      args: [
        {
          ...{ reader: this.#reader, url: this.ends.url, from, to, name: "worker", work: this.#case.work },
          ...{ turns, poison: [], shared: this.#case.fault.kind === "consumer" },
          ...options,
        } satisfies WorkerOptions,
      ],
    });
    this.#workers.push(worker);
    return worker;
  }

  /** How many results the sink has; undefined where nobody can know. */
  count(): Promise<number> | undefined {
    return this.ends.count?.(this.#place);
  }

  /** Waits until the sink holds everything, ends the workers, and gives the verdict on all that is there. */
  async finish(expected: Omit<Expected, "feed" | "work"> = { isOrdered: true }): Promise<Verdict> {
    const whole = { ...expected, feed: this.feed, work: this.#case.work };
    await using sink = await this.ends.sink(this.#place);
    const running = this.#workers.filter(({ ended }) => ended === undefined);
    const deadline = performance.now() + FINISH_MS;
    let known = -1;
    const isOver = (): boolean => performance.now() > deadline || running.every(({ ended }) => ended !== undefined);
    for (;;) {
      await sink.look();
      if (sink.bodies.length !== known && judge(sink.bodies, whole).missing.length === 0) break;
      known = sink.bodies.length;
      if (isOver()) break;
      await pause();
    }
    const early = judge(sink.bodies, whole);
    const stories = (): string => this.#workers.map(({ story }) => story).join("\n\n");
    if (early.missing.length > 0) throw new Error(`missing: ${early.missing.join(", ")}\n\n${stories()}`);
    // A member that was expelled from its group while nobody heard of it is to have joined again.
    while (this.ends.knowsLeft && (await this.#left()) > 0 && !isOver()) await pause();
    for (const worker of running) worker.signal("SIGTERM");
    for (const worker of running) expect(await worker.end(), worker.story).toEqual({ code: 0, signal: null });
    while (!(await sink.look())) {
      if (performance.now() > deadline + FINISH_MS) throw new Error(`the sink could not be read\n\n${stories()}`);
      await pause();
    }
    const verdict = judge(sink.bodies, whole);
    expect(verdict.wrong, stories()).toEqual([]);
    expect(await this.#left(), `not acknowledged\n\n${stories()}`).toBe(0);
    return verdict;
  }

  /** The numbers of the events that lie in the dead-letter store, and its bytes. */
  async buried(): Promise<{ readonly ids: ReadonlySet<number>; readonly bytes: Buffer }> {
    const names = await readdir(this.letters);
    const bytes = Buffer.concat(await Promise.all(names.map((name) => readFile(join(this.letters, name)))));
    return { ids: new Set(idsIn(bytes)), bytes };
  }

  #left(): Promise<number> {
    return this.ends.left(this.#place, this.#filled);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await worker[Symbol.asyncDispose]();
    // A case that failed in the middle leaves the next one what it found.
    this.ends.proxy.resume();
    await this.ends.broker.start();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A condition that only a look at a broker shows is looked at again after a moment. */
export function pause(ms: number = LOOK_MS): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
