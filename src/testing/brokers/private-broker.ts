import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionError, UsageError } from "../../errors.ts";
import type { Broker } from "./broker.ts";
import { Keeper } from "./keeper.ts";

/** Is one process of a broker. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Says how a broker is run. */
export interface Recipe {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** What is started, in this order; the last is the broker, and what stands before it helps it. */
  readonly commands: readonly Command[];
  readonly readyMs: number;
  /** Asks once whether the protocol answers. */
  probe(): Promise<boolean>;
}

const PROBE_EVERY_MS = 20;
/** How long a clean end is waited for. */
const STOP_MS = 30_000;
const LOG_LINES = 20;

/** Runs a broker of our own: its own port on the loopback interface, its own folder, gone with this process. */
export class PrivateBroker implements Broker {
  readonly name: string;
  readonly url: string;
  readonly host: string = "127.0.0.1";
  readonly port: number;
  readonly attached: boolean = false;
  readonly folder: string;
  readonly #recipe: Recipe;
  readonly #keeper: Keeper;
  readonly #logPath: string;
  #running: readonly ChildProcess[] = [];
  #disposed = false;

  constructor(recipe: Recipe) {
    this.name = recipe.name;
    this.url = recipe.url;
    this.port = recipe.port;
    this.folder = recipe.folder;
    this.#recipe = recipe;
    this.#logPath = join(recipe.folder, "broker.log");
    this.#keeper = new Keeper(recipe.folder);
  }

  async start(): Promise<void> {
    if (this.#disposed) throw new UsageError(`${this.name}: disposed of, with its folder; start another one`);
    if (this.#alive) return;
    // Of a broker that died by itself a helper may have stayed.
    await this.kill();
    const log = openSync(this.#logPath, "a");
    try {
      for (const command of this.#recipe.commands) this.#spawn(command, log);
    } finally {
      closeSync(log);
    }
    try {
      await this.#ready();
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const one of this.#running.toReversed()) await end(one, "SIGTERM", this.name);
    this.#keep([]);
  }

  async kill(): Promise<void> {
    await Promise.all(this.#running.map((one) => end(one, "SIGKILL", this.name)));
    this.#keep([]);
  }

  pause(): void {
    this.#signal("SIGSTOP");
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  log(): string {
    const lines = readFileSync(this.#logPath, "utf8").trimEnd().split("\n");
    return lines.slice(-LOG_LINES).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    // Its data are deleted with it, so there is nothing that a clean end would save.
    await this.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    this.#keeper.end();
  }

  get #broker(): ChildProcess | undefined {
    return this.#running[this.#recipe.commands.length - 1];
  }

  get #alive(): boolean {
    const broker = this.#broker;
    return broker !== undefined && !hasEnded(broker);
  }

  #signal(signal: NodeJS.Signals): void {
    if (!this.#alive) throw new UsageError(`${this.name}: it does not run; start() it first`);
    this.#broker?.kill(signal);
  }

  #spawn({ command, args, env = {} }: Command, log: number): void {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", log, log],
      // A group of its own: an interrupt at the terminal is for the program, which decides when its brokers end.
      detached: true,
    });
    // Whoever forgets to dispose of it must not run for ever; the keeper sees the end.
    child.unref();
    // Without a process `exit` never comes; the look at its end finds it by its missing id.
    child.on("error", () => undefined);
    this.#keep([...this.#running, child]);
  }

  #keep(running: readonly ChildProcess[]): void {
    this.#running = running;
    this.#keeper.watch(running.flatMap(({ pid }) => pid ?? []));
  }

  async #ready(): Promise<void> {
    const { readyMs, probe } = this.#recipe;
    const deadline = performance.now() + readyMs;
    while (performance.now() < deadline) {
      if (await probe()) return;
      if (!this.#alive) throw new ConnectionError(this.#failure("ended while it started"));
      await sleep(PROBE_EVERY_MS);
    }
    throw new ConnectionError(this.#failure(`did not answer within ${readyMs} ms`));
  }

  #failure(what: string): string {
    const [last] = this.#recipe.commands.slice(-1);
    return `${this.name}: ${what}; see what it said: ${last?.command}\n${this.log()}`;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Ends a process and waits for it; what does not end by itself is killed. */
async function end(child: ChildProcess, signal: NodeJS.Signals, name: string): Promise<void> {
  if (hasEnded(child)) return;
  child.ref();
  const exit = once(child, "exit");
  // What stands still would not see any other signal.
  if (signal !== "SIGKILL") child.kill("SIGCONT");
  child.kill(signal);
  const late = setTimeout(() => {
    process.emitWarning(`${name}: did not end within ${STOP_MS} ms of ${signal}; killed`, "ArroyoWarning");
    child.kill("SIGKILL");
  }, STOP_MS);
  await exit;
  clearTimeout(late);
}
