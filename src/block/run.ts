import { PromiseError, text, UsageError } from "../errors.ts";
import type { Account } from "../message/account.ts";
import { accountText } from "./account-text.ts";
import type { Block } from "./block.ts";

/** What a program that ends says to its shell. */
const EXIT = { failed: 1, usage: 2, left: 3, forced: 130 } as const;
/** A terminal and a program in between may both pass one Ctrl-C on: what comes so soon after is the same one. */
const SAME_SIGNAL_MS = 300;
const LONG_MS = 1_000_000;

// biome-ignore lint/suspicious/noExplicitAny: blocks of any contents run side by side
type AnyBlock = Block<any, any>;

/**
 * Runs blocks as a program: until their sources end, one of them fails, or a signal comes. SIGTERM and SIGINT drain,
 * the second one forces. Says on standard error what goes on and prints the accounts; sets the exit code.
 */
export async function run(...blocks: AnyBlock[]): Promise<Account[]> {
  const release = onSignals(blocks);
  // A block may wait for something that keeps no process alive by itself, such as a reader that is paused.
  const alive = setInterval(() => undefined, LONG_MS);
  try {
    for (const block of blocks) {
      block.on("warning", ({ message }) => say(`${block.name}: warning: ${message}`));
      block.on("state", ({ part, state, detail }) => {
        if (state === "retrying") say(`${block.name}: ${part}: trying again: ${detail}`);
      });
    }
    // Together: a publisher of one may wait for the listener of another.
    await Promise.all(blocks.map((block) => block.start()));
    const ends = blocks.map(async (block) => {
      try {
        return await block.finished;
      } catch (error) {
        await Promise.all(blocks.map((other) => other.stop()));
        throw error;
      }
    });
    await Promise.allSettled(ends);
    const accounts = await Promise.all(ends);
    if (accounts.some(({ left }) => left > 0)) process.exitCode = EXIT.left;
    return accounts;
  } catch (error) {
    await Promise.all(blocks.map((block) => block.stop()));
    exitWith(error instanceof UsageError || error instanceof PromiseError ? EXIT.usage : EXIT.failed, error);
    say(text(error));
    throw error;
  } finally {
    release();
    clearInterval(alive);
    for (const block of blocks) {
      const { account } = block;
      say(accountText(account));
      if (account.left > 0) say(`${block.name}: ${account.left} messages were not finished and given back`);
    }
  }
}

/** Sets the exit code, also for a program that lets the error through: Node would make a 1 of it. */
function exitWith(code: number, error: unknown): void {
  process.exitCode = code;
  process.once("uncaughtExceptionMonitor", (uncaught) => {
    if (uncaught !== error) return;
    process.once("exit", () => {
      process.exitCode = code;
    });
  });
}

function onSignals(blocks: readonly AnyBlock[]): () => void {
  let first: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      const queued = blocks.reduce((sum, { load }) => sum + load.queued + load.held + load.running, 0);
      say(`${signal}: stopping; ${queued} messages are still here; once more to leave at once`);
      for (const block of blocks) void block.stop();
    } else if (now - first > SAME_SIGNAL_MS) {
      process.exitCode = EXIT.forced;
      // Written output leaves first: standard error of a pipe is asynchronous.
      process.stderr.write(`${signal}: left at once\n`, () => process.exit(EXIT.forced));
    }
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return () => {
    process.off("SIGTERM", onSignal);
    process.off("SIGINT", onSignal);
  };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
