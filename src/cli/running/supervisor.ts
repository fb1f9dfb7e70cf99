import { accountText } from "../../block/account-text.ts";
import type { Block } from "../../block/block.ts";
import { PromiseError, text, UsageError } from "../../errors.ts";
import type { Account, RunCounts } from "../../message/account.ts";
import type { AnyMessage } from "../../message/message.ts";
import { Watched } from "../../telemetry/watched.ts";
import { Rate } from "../looking/rate.ts";
import type { BlockRow } from "./block-table.ts";
import { drainInOrder } from "./draining.ts";
import type { Feeding } from "./feeding.ts";
import type { Log } from "./log.ts";

/** Is a block of any contents. */
export type AnyBlock = Pick<
  Block<AnyMessage, AnyMessage>,
  "name" | "account" | "load" | "finished" | "start" | "stop" | "on" | "off"
>;

/** Is told by the command what it needs beside its blocks. */
export interface SupervisorOptions {
  readonly log: Log;
  /** Aborts: drain. */
  readonly signal: AbortSignal;
  /** Aborts: leave at once. */
  readonly forced: AbortSignal;
  /** Which blocks feed which. */
  readonly feeding: ReadonlyMap<string, Feeding>;
  /** How long draining may take, of all blocks together. */
  readonly drainMs: number;
  /** The names of operators, by block. */
  readonly operators: ReadonlyMap<string, string>;
  /** Takes the account of a run that ended, or of a block. */
  readonly report: (account: Account, run: RunCounts | undefined) => void;
}

const MOST_ENDED = 64;

/** Runs blocks: starts them together, drains them on a signal, tells what goes on, gives the exit code. */
export class Supervisor implements Disposable {
  readonly #blocks: readonly AnyBlock[];
  readonly #options: SupervisorOptions;
  readonly #rows: readonly { readonly watched: Watched; readonly rate: Rate; readonly out: Rate }[];
  /** Runs that ended and whose account is not final yet. */
  readonly #ended: { readonly block: AnyBlock; readonly run: string; readonly stream: string }[] = [];
  readonly #listening = new Set<AnyBlock>();
  #draining: Promise<void> | undefined;

  constructor(blocks: readonly AnyBlock[], options: SupervisorOptions) {
    this.#blocks = blocks;
    this.#options = options;
    const nowMs = performance.now();
    this.#rows = blocks.map((block) => ({ watched: new Watched(block, nowMs), rate: new Rate(), out: new Rate() }));
    for (const block of blocks) this.#hear(block);
  }

  /** What to say while blocks drain. */
  get draining(): string | undefined {
    if (this.#draining === undefined) return undefined;
    const left = this.#left();
    return `stopping: ${left === 0 ? "closing" : `${left} messages are still here`}`;
  }

  /** Drains all blocks, once, those that feed others first. */
  drain(): Promise<void> {
    const { feeding, drainMs } = this.#options;
    this.#draining ??= drainInOrder(this.#blocks, {
      feeding,
      deadlineMs: drainMs,
      isListening: (block) => this.#listening.has(block),
    });
    return this.#draining;
  }

  /** Reports runs that ended once all of their messages are finished; to be called regularly. */
  reportEnded(): void {
    this.#reportRuns(false);
  }

  /** The blocks with their rates of now; to be asked regularly. */
  rows(nowMs: number): readonly BlockRow[] {
    return this.#rows.map(({ watched, rate, out }) => {
      const { account, name } = watched.block;
      return {
        watched,
        perSecond: rate.of(account.finished, nowMs),
        publishedPerSecond: out.of(account.published, nowMs),
        operator: this.#options.operators.get(name) ?? "operator",
      };
    });
  }

  /** Runs until the sources end, a block fails, or a signal came and everything is drained. */
  async run(): Promise<number> {
    const { signal, forced, log } = this.#options;
    const drain = (): void => {
      void this.drain();
      log.write("info", `${String(signal.reason)}: ${this.draining}; once more to leave at once`, { kind: "signal" });
    };
    const abandon = (): void => {
      for (const block of this.#blocks) void block.stop({ abandon: true });
    };
    signal.addEventListener("abort", drain, { once: true });
    forced.addEventListener("abort", abandon, { once: true });
    try {
      if (signal.aborted) return 0;
      const code = await this.#untilEnd();
      this.#reportRuns(true);
      for (const { account } of this.#blocks) this.#options.report(account, undefined);
      return code;
    } finally {
      signal.removeEventListener("abort", drain);
      forced.removeEventListener("abort", abandon);
    }
  }

  [Symbol.dispose](): void {
    for (const { watched } of this.#rows) watched[Symbol.dispose]();
  }

  async #untilEnd(): Promise<number> {
    const { log } = this.#options;
    let failure: { readonly error: unknown } | undefined;
    const end = async (block: AnyBlock, work: Promise<unknown>): Promise<void> => {
      try {
        await work;
      } catch (error) {
        if (failure === undefined) log.write("error", text(error), { block: block.name, kind: "failed" });
        failure ??= { error };
        await this.drain();
      }
    };
    // Together: a publisher of one may wait for the listener of another.
    const start = async (block: AnyBlock): Promise<void> => {
      await block.start();
      this.#listening.add(block);
    };
    await Promise.all(this.#blocks.map((block) => end(block, start(block))));
    await Promise.all(this.#blocks.map((block) => end(block, block.finished)));
    if (failure !== undefined) {
      return failure.error instanceof UsageError || failure.error instanceof PromiseError ? 2 : 1;
    }
    const left = this.#blocks.filter(({ account }) => account.left > 0);
    for (const { name, account } of left) {
      log.write("warn", `${account.left} messages were not finished and given back`, { block: name, kind: "left" });
    }
    return left.length > 0 ? 3 : 0;
  }

  #left(): number {
    return this.#blocks.reduce((sum, { account }) => sum + account.left, 0);
  }

  /** Reports runs whose messages are all finished; at the end, all of them. */
  #reportRuns(isOver: boolean): void {
    for (const one of [...this.#ended]) {
      const { account } = one.block;
      const run = account.runs.findLast(({ run: name, stream }) => name === one.run && stream === one.stream);
      if (run !== undefined && run.left > 0 && !isOver) continue;
      this.#ended.splice(this.#ended.indexOf(one), 1);
      if (run !== undefined) this.#options.report(account, run);
    }
  }

  #hear(block: AnyBlock): void {
    const { log } = this.#options;
    const { name } = block;
    block.on("run", ({ stream, run, what, reason }) => {
      const end = reason === undefined ? "" : ` (${reason})`;
      log.write("info", `run ${run} of ${stream || "its stream"} ${what}${end}`, {
        block: name,
        run,
        kind: `run-${what}`,
      });
      if (what === "ended") this.#ended.push({ block, run, stream });
      if (this.#ended.length > MOST_ENDED) this.#ended.shift();
    });
    block.on("lost", ({ stream, run, messages }) => {
      const facts = { stream, messages };
      log.write("warn", `${messages} messages of ${stream || "its stream"} are lost`, {
        block: name,
        ...(run !== undefined && { run }),
        kind: "lost",
        facts,
      });
    });
    block.on("warning", ({ message }) => log.write("warn", message, { block: name, kind: "warning" }));
    block.on("dead-letter", ({ id, step, reason }) =>
      log.write("warn", `dead letter ${id}: ${step}: ${reason}`, {
        block: name,
        kind: "dead-letter",
        facts: { id, step },
      }),
    );
    block.on("state", ({ part, state, detail }) => {
      const about = detail === undefined ? "" : `: ${detail}`;
      // The failure itself is told with its error.
      const level =
        state === "retrying" || state === "disconnected"
          ? "warn"
          : part === "block" && state !== "failed"
            ? "info"
            : "debug";
      log.write(level, `${part === "block" ? "" : `${part}: `}${state}${about}`, { block: name, kind: "state" });
    });
  }
}

/** Prints the account of one run for people. */
export function runText(account: Account, run: RunCounts): string {
  return accountText({ ...account, ...run, runs: [run], block: account.block, hops: [] });
}
