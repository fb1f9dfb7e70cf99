import { Worker } from "node:worker_threads";
import { ArroyoError, text } from "../../errors.ts";
import { systemClock } from "../../time/clock.ts";
import { within } from "../../time/wait.ts";
import { errorOf } from "./error-form.ts";
import type { Reply, Request, ThreadData } from "./protocol.ts";

/** What a thread says once it is ready. */
export type Ready = Extract<Reply, { readonly type: "ready" }>;

/** Who hears of a life of a thread. */
export interface LifeEvents {
  readonly replied: (reply: Extract<Reply, { readonly type: "done" | "failed" }>) => void;
  /** The thread is no more, though nobody asked it to end. */
  readonly crashed: (why: string) => void;
}

/** Loads what lets TypeScript be read, then the program; it is no file, as there is none yet that every Node.js reads. */
const BOOT = `
import { parentPort, workerData } from "node:worker_threads";
const tell = (error) => parentPort.postMessage({
  type: "unready", error: { name: error.name, message: error.message, stack: error.stack, code: error.code },
});
try {
  if (workerData.loader !== undefined) (await import(workerData.loader)).register();
  await import(workerData.entry);
} catch (error) {
  tell(error);
}
`;
const START_MS = 60_000;

/** Is one life of a thread, from its start to its end. */
export class Life {
  /** Resolves when the operator is open; rejects when that cannot be. */
  readonly ready: Promise<Ready>;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #closed: (error: Error | undefined) => void = () => undefined;
  /** True once it is to end, so that its end is no crash. */
  #isOver = false;

  constructor(data: ThreadData, subject: string, events: LifeEvents) {
    const boot = new URL(`data:text/javascript,${encodeURIComponent(BOOT)}`);
    this.#worker = new Worker(boot, { workerData: data, name: subject });
    let why: string | undefined;
    this.#worker.on("error", (error: unknown) => {
      why = text(error);
    });
    let exited: (code: number) => void = () => undefined;
    this.#ended = new Promise((resolve) => {
      this.#worker.once("exit", (code) => {
        exited(code);
        resolve();
        if (!this.#isOver) events.crashed(why ?? `exit code ${code}`);
      });
    });
    this.ready = new Promise((resolve, reject) => {
      const cancel = systemClock.after(START_MS, () => {
        reject(new ArroyoError("TIMED_OUT", `${subject}: not ready after ${START_MS} ms; look at its module and open`));
      });
      exited = (code) => {
        cancel();
        const how = why ?? `exit code ${code}`;
        reject(
          new ArroyoError("PROCESS", `${subject}: the thread ended before it was ready (${how}); look at its module`),
        );
      };
      this.#worker.on("message", (reply: Reply) => {
        if (reply.type === "done" || reply.type === "failed") {
          events.replied(reply);
          return;
        }
        cancel();
        if (reply.type === "ready") resolve(reply);
        else if (reply.type === "unready") {
          this.#isOver = true;
          reject(errorOf(reply.error));
        } else this.#closed(reply.error === undefined ? undefined : errorOf(reply.error));
      });
    });
    this.ready.catch(() => undefined);
  }

  /** Tells the thread something; throws for what cannot be cloned. */
  post(request: Request): void {
    this.#worker.postMessage(request);
  }

  /** Lets the operator close, waits for it no longer than that, and ends the thread; gives what went wrong. */
  async close(graceMs: number): Promise<Error | undefined> {
    this.#isOver = true;
    const closed = new Promise<Error | undefined>((resolve) => {
      this.#closed = resolve;
    });
    this.post({ type: "close" });
    const error = await within(systemClock, graceMs, Promise.race([closed, this.#ended.then(() => undefined)]));
    await this.end();
    return error;
  }

  /** Ends the thread, whatever it does. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#worker.terminate();
    await this.#ended;
  }
}
