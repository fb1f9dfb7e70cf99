import { AbortedError, SeveralErrors, text, UsageError } from "../../errors.ts";
import type { Event } from "../../message/event.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import type { Start } from "../../message/start.ts";
import type { Stop } from "../../message/stop.ts";
import type { Context, FlushReason, Result } from "../context.ts";
import { Operator } from "../operator.ts";
import { Part } from "../part.ts";
import { type Answer, Job, type Task } from "./job.ts";
import { type ModulePlace, moduleUrl, placeOf } from "./module-place.ts";
import { DEPTH, type OpenRun, Thread } from "./thread.ts";

/** Says how an operator works in threads. */
export interface ParallelOptions {
  /** How many threads, each with an operator of its own: from 1 to 256. */
  readonly threads: number;
  /** The name of the class in the module; not needed where the module exports only one. */
  readonly export?: string;
  /** The only argument of the class's constructor: plain data, which is copied into each thread. */
  readonly options?: unknown;
}

const MOST_THREADS = 256;
/** How long operators may take to close; shorter when nothing is waited for any more. */
const CLOSE_MS = 5_000;
const ABANDON_MS = 500;
const KEYS: ReadonlySet<string> = new Set(["threads", "export", "options"]);

/**
 * Makes an operator that works in threads: each has an operator of its own, made of the class that the module exports.
 * Events are spread over the threads, and results leave in the order of what came in.
 */
export function parallel<In extends AnyMessage = Message, Out extends AnyMessage = Message>(
  module: URL | string,
  options: ParallelOptions,
): Operator<In, Out> {
  const url = moduleUrl(module);
  checkOptions(options);
  return new Parallel(url, options) as unknown as Operator<In, Out>;
}

interface RunOfThreads {
  readonly start: Start;
  stream: string;
  /** True when all threads have had its Start. */
  begun: boolean;
}

class Parallel extends Operator<AnyMessage, AnyMessage> {
  /** Each thread finds its next message there when it is done with one. */
  override readonly concurrency: number;
  readonly #url: URL;
  readonly #options: ParallelOptions;
  readonly #runs = this.perRun((start): RunOfThreads => ({ start, stream: "", begun: false }));
  /** The runs that the threads have state of. */
  #known = new Set<RunOfThreads>();
  #threads: readonly Thread[] = [];
  /** Events that no thread has room for. */
  #waiting: Job[] = [];
  #mergesStops = false;
  #signal: AbortSignal | undefined;
  #closing: Promise<void> | undefined;

  constructor(url: URL, options: ParallelOptions) {
    super();
    this.#url = url;
    this.#options = options;
    this.concurrency = options.threads * DEPTH;
  }

  override async open(signal: AbortSignal): Promise<void> {
    const place = placeOf(this.#url);
    this.#signal = signal;
    this.#closing = undefined;
    this.#threads = Array.from({ length: this.#options.threads }, (_, index) => this.#thread(place, index + 1));
    signal.addEventListener("abort", this.#aborted, { once: true });
    const opened = await Promise.allSettled(this.#threads.map((thread) => thread.open()));
    for (const one of opened) {
      if (one.status === "fulfilled") {
        this.#mergesStops = one.value.mergesStops;
        continue;
      }
      await this.close().catch(() => undefined);
      throw one.reason;
    }
  }

  override process(message: AnyMessage, context: Context): Result<AnyMessage> {
    if (message.type === "event") return this.#event(message, context);
    return message.type === "start" ? this.#start(message, context) : this.#stop(message, context);
  }

  override flush(reason: FlushReason, context: Context): Result<AnyMessage> {
    return this.#flush({ call: "flush", reason }, context);
  }

  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #thread({ module, entry, loader }: ModulePlace, number: number): Thread {
    const { options, export: name } = this.#options;
    return new Thread({
      data: { module, entry, loader, export: name, options, hasOptions: "options" in this.#options },
      number,
      openRuns: () => this.#openRuns(),
      roomMade: () => this.#spread(),
      warn: (message) => Operator.warn(this as Operator<AnyMessage, AnyMessage>, message),
    });
  }

  async #event(message: Event, context: Context): Promise<readonly AnyMessage[]> {
    const job = this.#job({ call: "process", message, stream: streamOf(context, this) }, context);
    this.#waiting.push(job);
    // The time-out of a call counts from when a thread begins with it.
    partOf(context, this)?.beginsWith(job.begins);
    this.#spread();
    return resultsOf(await job.answer);
  }

  async #start(message: Start, context: Context): Promise<readonly AnyMessage[]> {
    this.#sweep();
    const stream = streamOf(context, this);
    const run = this.#runs.of(message);
    run.stream = stream;
    const task: Task = { call: "process", message, stream };
    const answers = await this.#all(task, context);
    run.begun = true;
    this.#known.add(run);
    this.#apply(answers, task, context);
    // Each operator gave its own Start: one of them goes out.
    const [first] = [...answers.values()] as [Answer];
    return [...[...answers.values()].flatMap(({ owed }) => owed), ...first.results];
  }

  async #stop(message: Stop, context: Context): Promise<readonly AnyMessage[]> {
    const task: Task = { call: "process", message, stream: streamOf(context, this) };
    const answers = await this.#all(task, context);
    const results = [...answers.values()].map(resultsOf);
    const events = results.flat().filter(({ type }) => type === "event");
    const others = await this.#oneStop(
      results.map((list) => list.filter(({ type }) => type !== "event")),
      message,
      context,
    );
    this.#apply(answers, task, context);
    const run = this.#runs.of(message);
    this.#known.delete(run);
    for (const thread of this.#threads) thread.leave(run);
    return [...events, ...others];
  }

  async #flush(task: Task, context: Context): Promise<readonly AnyMessage[]> {
    this.#sweep();
    const answers = await this.#all(
      task,
      context,
      this.#threads.filter(({ hasState }) => hasState),
    );
    this.#apply(answers, task, context);
    return [...answers.values()].flatMap(resultsOf);
  }

  /** Makes one Stop of those of all threads, each of which saw a part of the run. */
  async #oneStop(
    lists: readonly (readonly AnyMessage[])[],
    stop: Stop,
    context: Context,
  ): Promise<readonly AnyMessage[]> {
    const [first = [], ...rest] = lists;
    // Two new Stops that happen to say the same may count different events: only what came as it was is one by itself.
    if (rest.length === 0 || lists.every((list) => list.every((one) => one === stop))) return first;
    const stops = lists.flat().filter((one): one is Stop => one.type === "stop");
    if (this.#mergesStops && stops.length > 0) {
      const job = this.#job({ call: "merge", stops }, context);
      this.#threads[0]?.add(job);
      return resultsOf(await job.answer);
    }
    throw new UsageError(
      `parallel: the threads' operators ended the run ${stop.run} each with a Stop of its own, and each saw a part of ` +
        "its events; give the class a static mergeStops(stops) that makes one Stop of them, or return the Stop as it came",
    );
  }

  /** Gives something to all threads, and waits until all have done it. */
  async #all(task: Task, context: Context, threads = this.#threads): Promise<ReadonlyMap<Thread, Answer>> {
    const jobs = threads.map((thread) => {
      const job = this.#job(task, context);
      thread.add(job);
      return job;
    });
    partOf(context, this)?.beginsWith(Promise.all(jobs.map(({ begins }) => begins)).then(() => undefined));
    const ends = await Promise.allSettled(jobs.map(({ answer }) => answer));
    const answers = new Map<Thread, Answer>();
    for (const [index, end] of ends.entries()) {
      if (end.status === "rejected") throw end.reason;
      answers.set(threads[index] as Thread, end.value);
    }
    return answers;
  }

  #apply(answers: ReadonlyMap<Thread, Answer>, task: Task, context: Context): void {
    for (const [thread, answer] of answers) thread.apply(answer, task, context);
  }

  #job(task: Task, context: Context): Job {
    const job = new Job(task, context);
    const { signal } = context;
    // That of the block, which all calls share, is heard once.
    if (signal === undefined || signal === this.#signal) return job;
    const aborted = (): void => this.#giveUp(job);
    signal.addEventListener("abort", aborted, { once: true });
    const end = (): void => signal.removeEventListener("abort", aborted);
    job.answer.then(end, end);
    return job;
  }

  #giveUp(job: Job): void {
    const index = this.#waiting.indexOf(job);
    if (index >= 0) this.#waiting.splice(index, 1);
    job.isGivenUp ||= index >= 0;
    if (index >= 0) job.reject(new AbortedError("parallel"));
    else for (const thread of this.#threads) thread.giveUp(job);
  }

  /** Gives events to the threads that have the least to do. */
  #spread(): void {
    while (this.#waiting.length > 0) {
      let best: Thread | undefined;
      for (const thread of this.#threads) {
        if (thread.load < DEPTH && (best === undefined || thread.load < best.load)) best = thread;
      }
      if (best === undefined) return;
      best.add(this.#waiting.shift() as Job);
    }
  }

  *#openRuns(): Iterable<OpenRun> {
    for (const run of this.#runs.values()) if (run.begun) yield run;
  }

  /** Lets the threads forget the runs that ended without a Stop that they saw. */
  #sweep(): void {
    const open = new Set(this.#runs.values());
    for (const run of this.#known) {
      if (open.has(run)) continue;
      this.#known.delete(run);
      for (const thread of this.#threads) thread.forget(run);
    }
  }

  /** Nothing is waited for any more: an operator that computes on is ended with its thread. */
  readonly #aborted = (): void => void this.close().catch(() => undefined);

  async #close(): Promise<void> {
    const signal = this.#signal;
    signal?.removeEventListener("abort", this.#aborted);
    const graceMs = signal?.aborted === true ? ABANDON_MS : CLOSE_MS;
    const errors = await Promise.all(this.#threads.map((thread) => thread.close(graceMs)));
    for (const job of this.#waiting.splice(0)) job.reject(new AbortedError("parallel"));
    this.#known.clear();
    const found = [...errors.entries()].filter((entry): entry is [number, Error] => entry[1] !== undefined);
    if (found.length === 0) return;
    const named = found.map(([index, error]): [string, unknown] => [`thread ${index + 1}`, error]);
    throw new SeveralErrors("parallel: could not close everything", new Map(named));
  }
}

function resultsOf({ owed, results }: Answer): readonly AnyMessage[] {
  return owed.length === 0 ? results : [...owed, ...results];
}

function partOf(context: Context, holder: Operator<AnyMessage, AnyMessage>): Part | undefined {
  return Part.of(context, holder, true, false);
}

function streamOf(context: Context, holder: Operator<AnyMessage, AnyMessage>): string {
  return partOf(context, holder)?.stream ?? "";
}

function checkOptions(options: ParallelOptions): void {
  for (const key of Object.keys(options)) {
    if (!KEYS.has(key))
      throw new UsageError(`parallel: there is no option "${key}"; there are: ${[...KEYS].join(", ")}`);
  }
  const { threads, export: name } = options;
  if (!Number.isSafeInteger(threads) || threads < 1 || threads > MOST_THREADS) {
    throw new UsageError(`parallel: threads must be a whole number from 1 to ${MOST_THREADS}, got ${String(threads)}`);
  }
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    throw new UsageError(`parallel: export must be the name of a class, got ${JSON.stringify(name)}`);
  }
  try {
    structuredClone(options.options);
  } catch (error) {
    throw new UsageError(
      `parallel: options cannot be copied into a thread: ${text(error)}; give plain data, without functions`,
      { cause: error },
    );
  }
}
