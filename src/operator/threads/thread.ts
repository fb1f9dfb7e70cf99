import { AbortedError, ArroyoError, text, UsageError } from "../../errors.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Start } from "../../message/start.ts";
import { systemClock } from "../../time/clock.ts";
import type { Context } from "../context.ts";
import { type Holder, Part } from "../part.ts";
import { errorOf } from "./error-form.ts";
import type { Answer, Job, Task } from "./job.ts";
import { Keeping, type KeptMessage } from "./keeping.ts";
import { Life, type Ready } from "./life.ts";
import { eventForm, lifecycleForm, slotBytes } from "./message-form.ts";
import type { Effect, Reply, ThreadData, Work } from "./protocol.ts";
import { resultOf } from "./result-form.ts";
import { Slots } from "./slots.ts";

/** Is a run whose Start the threads have had. */
export interface OpenRun {
  readonly start: Start;
  readonly stream: string;
}

/** What a thread is told by the operator that it belongs to. */
export interface ThreadOptions {
  readonly data: ThreadData;
  readonly number: number;
  readonly openRuns: () => Iterable<OpenRun>;
  /** Is called when the thread has room for another job. */
  readonly roomMade: () => void;
  readonly warn: (message: string) => void;
}

/** How many jobs a thread may have: one that it works on, and one that is there when it comes to it. */
export const DEPTH = 2;
/** So often a message may end the thread that works on it, before it has failed; later attempts at it have one try. */
const MAX_CRASHES = 3;
/** How long a call that was given up may take to end by itself. */
const GIVE_UP_MS = 250;

/** Is one thread and the operator in it, over all its lives. What its operator holds is held in its name. */
export class Thread implements Holder {
  readonly mergesRuns = false;
  readonly slots: Slots = new Slots(DEPTH);
  readonly keeping: Keeping = new Keeping(this.slots);
  readonly #options: ThreadOptions;
  readonly #jobs: Job[] = [];
  /** Messages that the present life is given again. */
  readonly #again = new Map<number, (reply: Reply) => void>();
  #life: Life | undefined;
  #isReady = false;
  #isClosed = false;
  #nextId = 1;
  #owed: AnyMessage[] = [];
  #name: string;

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#name = options.data.export ?? "parallel";
  }

  /** Counts what it has to do. */
  get load(): number {
    return this.#jobs.length;
  }

  /** False for a thread that ended and has nothing to tell. */
  get hasState(): boolean {
    return this.#life !== undefined || this.keeping.messages.length > 0 || this.#owed.length > 0;
  }

  /** Starts it; rejects when its operator cannot be made. */
  async open(): Promise<Ready> {
    const life = this.#born();
    const ready = await life.ready;
    this.#name = ready.name;
    this.#isReady = true;
    return ready;
  }

  /** Does something, after what it has to do already. */
  add(job: Job): void {
    if (this.#isClosed) {
      job.reject(new AbortedError(this.#subject));
      return;
    }
    this.#jobs.push(job);
    if (this.#life === undefined) this.#revive();
    else if (this.#isReady) this.#post(this.#life, job);
  }

  /** Gives a job up: it is told, and where it does not end by itself the thread is ended. */
  giveUp(job: Job): void {
    if (job.isGivenUp || !this.#jobs.includes(job)) return;
    job.isGivenUp = true;
    job.reject(new AbortedError(this.#subject));
    if (job.id === 0) {
      this.#done(job);
      return;
    }
    this.#life?.post({ type: "abort", id: job.id });
    systemClock.after(GIVE_UP_MS, () => this.#replaceFor(job));
  }

  /** Does what the operator asked of its context. */
  apply({ effects }: Answer, task: Task, context: Context, slot: Job["slot"] = undefined): void {
    const part = Part.of(context, this, true, false) ?? context;
    let holds = false;
    for (const effect of effects) {
      if (effect === "hold") part.hold();
      else if (effect === "release") {
        part.release();
        this.keeping.release(task.call === "process" ? task : undefined);
      } else part.flushIn(effect);
      if (typeof effect === "string") holds = effect === "hold";
    }
    if (holds && task.call === "process") this.keeping.add({ message: task.message, stream: task.stream, slot });
    else if (slot !== undefined) this.slots.giveBack(slot);
  }

  /** Drops the state of a run that its operator had the Stop of; what it holds of it stays held. */
  leave({ start, stream }: OpenRun): void {
    if (this.#isReady) this.#life?.post({ type: "leave", run: start.run, stream });
  }

  /** Forgets a run whose Stop the operator does not get. */
  forget(run: OpenRun): void {
    this.keeping.forget({ message: run.start, stream: run.stream });
    this.leave(run);
  }

  /** Closes the operator and ends the thread; gives what went wrong. */
  async close(graceMs: number): Promise<Error | undefined> {
    this.#isClosed = true;
    const life = this.#life;
    this.#life = undefined;
    const error = this.#isReady ? await life?.close(graceMs) : await life?.end().then(() => undefined);
    this.#isReady = false;
    // Only now: a block that waits for nothing any more counts its messages as left, not as failed.
    for (const job of this.#jobs.splice(0)) job.reject(new AbortedError(this.#subject));
    this.#forgetSlots();
    this.keeping.release();
    return error;
  }

  get #subject(): string {
    return `${this.#name} in thread ${this.#options.number}`;
  }

  #born(): Life {
    const life: Life = new Life(this.#options.data, this.#subject, {
      replied: (reply) => {
        if (life === this.#life) this.#replied(reply);
      },
      crashed: (why) => {
        if (life === this.#life) this.#crashed(why);
      },
    });
    this.#life = life;
    return life;
  }

  /** Starts a life in place of one that ended, and gives it what that one had. */
  #revive(): void {
    if (this.#life !== undefined || this.#isClosed || this.#jobs.length === 0) return;
    const life = this.#born();
    void life.ready
      .then(() => this.#restore(life))
      .then(
        () => {
          if (life !== this.#life) return;
          this.#isReady = true;
          for (const job of [...this.#jobs]) this.#post(life, job);
          this.#beginNext();
        },
        (error: unknown) => this.#unable(life, error),
      );
  }

  async #restore(life: Life): Promise<void> {
    for (const { start, stream } of [...this.#options.openRuns()]) {
      const again = start.resumed ? start : new Start(start.data, { ...start.envelope, resumed: true });
      await this.#giveAgain(life, { message: again, stream, slot: undefined });
    }
    for (const kept of [...this.keeping.messages]) {
      const { results, effects } = await this.#giveAgain(life, kept);
      // What it gave back while it held the message is out already.
      if (effects.findLast((effect) => typeof effect === "string") !== "hold") this.#owed.push(...results);
    }
  }

  async #giveAgain(
    life: Life,
    kept: KeptMessage,
  ): Promise<{ results: readonly AnyMessage[]; effects: readonly Effect[] }> {
    const id = this.#nextId++;
    const { message, stream } = kept;
    if (message.type === "event") kept.slot = this.slots.take(slotBytes(message));
    const reply = await new Promise<Reply>((resolve, reject) => {
      if (life !== this.#life) {
        reject(new AbortedError(this.#subject));
        return;
      }
      this.#again.set(id, resolve);
      this.#send(life, id, { call: "process", message, stream }, 1, kept.slot);
    });
    if (reply.type === "failed") throw errorOf(reply.error);
    if (reply.type !== "done") return { results: [], effects: [] };
    return { results: reply.results.map((form) => resultOf(form, message, () => undefined)), effects: reply.effects };
  }

  #post(life: Life, job: Job): void {
    const { task } = job;
    job.id = this.#nextId++;
    try {
      if (task.call === "process" && task.message.type === "event") job.slot = this.slots.take(slotBytes(task.message));
      this.#send(life, job.id, task, job.attempt, job.slot);
    } catch (error) {
      job.reject(
        new UsageError(`${this.#subject}: the message cannot go to a thread: ${text(error)}`, { cause: error }),
      );
      if (job.slot !== undefined) this.slots.giveBack(job.slot);
      this.#done(job);
      return;
    }
    if (this.#jobs[0] === job) job.begin();
  }

  #send(life: Life, id: number, task: Task, attempt: number, slot: Job["slot"]): void {
    const news = slot === undefined ? undefined : this.slots.news(slot);
    life.post({ type: "work", id, work: workOf(task, attempt, slot), news });
  }

  #replied(reply: Extract<Reply, { readonly type: "done" | "failed" }>): void {
    const again = this.#again.get(reply.id);
    if (again !== undefined) {
      this.#again.delete(reply.id);
      again(reply);
      return;
    }
    const job = this.#jobs.find(({ id }) => id === reply.id);
    if (job === undefined) return;
    const { slot, task } = job;
    if (reply.type === "failed" || job.isGivenUp) {
      if (slot !== undefined) this.slots.giveBack(slot);
      job.reject(reply.type === "failed" ? errorOf(reply.error) : new AbortedError(this.#subject));
    } else {
      const message = task.call === "process" ? task.message : undefined;
      let memory: SharedArrayBuffer | undefined;
      const taken = (): SharedArrayBuffer | undefined => {
        memory ??= slot === undefined ? undefined : this.slots.giveAway(slot.id);
        return memory;
      };
      const results = reply.results.map((form) => resultOf(form, message, taken));
      const answer = { results, effects: reply.effects, owed: this.#owed.splice(0) };
      // Starts, Stops and flushes are done only when all threads have done them.
      if (message?.type === "event") this.apply(answer, task, job.context, slot);
      job.resolve(answer);
    }
    this.#done(job);
  }

  #done(job: Job): void {
    const index = this.#jobs.indexOf(job);
    if (index >= 0) this.#jobs.splice(index, 1);
    this.#beginNext();
    this.#options.roomMade();
  }

  #beginNext(): void {
    if (this.#isReady) this.#jobs[0]?.begin();
  }

  #crashed(why: string): void {
    this.#lost();
    const [head] = this.#jobs;
    this.#options.warn(
      `${this.#subject}: the thread ended (${why})${head === undefined ? "" : "; its messages are tried again in a new one"}`,
    );
    if (head !== undefined && !head.isGivenUp) this.#countCrash(head, why);
    this.#dropGivenUp();
    this.#revive();
  }

  #countCrash(head: Job, why: string): void {
    head.crashes += 1;
    if (head.crashes < (head.attempt > 1 ? 1 : MAX_CRASHES)) return;
    const times = head.crashes === 1 ? "" : `, ${head.crashes} times`;
    const what = `the thread ended (${why}) while it worked on this message${times}`;
    head.reject(new ArroyoError("PROCESS", `${this.#subject}: ${what}; look at what the message makes it do`));
    this.#done(head);
  }

  #dropGivenUp(): void {
    for (const job of this.#jobs.filter(({ isGivenUp }) => isGivenUp)) this.#done(job);
  }

  /** Ends a thread that does not let go of a job that was given up; the others begin anew. */
  #replaceFor(job: Job): void {
    if (this.#jobs[0] !== job || this.#isClosed) return;
    const life = this.#life;
    this.#lost();
    void life?.end();
    this.#options.warn(`${this.#subject}: did not end a call that was given up; the thread was ended`);
    this.#dropGivenUp();
    this.#revive();
  }

  #unable(life: Life, error: unknown): void {
    if (life !== this.#life) return;
    this.#lost();
    void life.end();
    for (const job of [...this.#jobs]) {
      job.reject(error);
      this.#done(job);
    }
  }

  #lost(): void {
    this.#life = undefined;
    this.#isReady = false;
    this.#again.clear();
    this.#forgetSlots();
    for (const job of this.#jobs) job.id = 0;
  }

  #forgetSlots(): void {
    this.slots.clear();
    for (const job of this.#jobs) job.slot = undefined;
    for (const kept of this.keeping.messages) kept.slot = undefined;
  }
}

function workOf(task: Task, attempt: number, slot: Job["slot"]): Work {
  if (task.call === "flush") return task;
  if (task.call === "merge") return { call: "merge", stops: task.stops.map(lifecycleForm) };
  const { message, stream } = task;
  const form = message.type === "event" ? eventForm(message, slot as NonNullable<typeof slot>) : lifecycleForm(message);
  return { call: "process", message: form, attempt, stream };
}
