import { accountText } from "../../block/account-text.ts";
import type { Block } from "../../block/block.ts";
import { DEFAULTS } from "../../block/options.ts";
import type { BlockDescription } from "../../config/configuration.ts";
import { MetricsServer } from "../../telemetry/metrics-server.ts";
import type { Io } from "../io.ts";
import { blockFacts, blockTable } from "./block-table.ts";
import { feedingOf } from "./feeding.ts";
import type { Log } from "./log.ts";
import type { MetricsAddress } from "./metrics-address.ts";
import type { Screen } from "./screen.ts";
import { runText, Supervisor, type SupervisorOptions } from "./supervisor.ts";

/** Holds blocks that were made and not started yet. */
export interface Life {
  readonly blocks: readonly Block[];
  readonly descriptions: readonly BlockDescription[];
  /** Takes the secrets of their configuration out of a text. */
  readonly redact: (text: string) => string;
}

/** Says what blocks live with. */
export interface LifeOptions {
  readonly io: Io;
  readonly log: Log;
  readonly screen: Screen;
  readonly metrics: MetricsAddress | undefined;
  readonly intervalMs: number;
  readonly redact: (text: string) => string;
  /** Makes the next life ready; false where that cannot be. */
  readonly reload: () => Promise<boolean>;
}

const FRAME_MS = 250;

/** Runs blocks from their start to their end, and gives the exit code. */
export async function live({ blocks, descriptions }: Life, options: LifeOptions): Promise<number> {
  const { io, log, screen, metrics, intervalMs, redact } = options;
  const report: SupervisorOptions["report"] = (account, run) => {
    screen.print(redact(run === undefined ? accountText(account) : runText(account, run)));
    log.write("info", run === undefined ? "the account" : `the account of run ${run.run}`, {
      block: account.block,
      ...(run !== undefined && { run: run.run }),
      kind: "account",
      facts: { account: run ?? account },
    });
  };
  using supervisor = new Supervisor(blocks, {
    log,
    signal: io.signal,
    forced: io.forced,
    operators: new Map(descriptions.map((block) => [block.name, operatorName(block)] as const)),
    feeding: feedingOf(descriptions),
    drainMs: Math.max(...descriptions.map(({ settings }) => Number(settings["drainMs"] ?? DEFAULTS.drainMs))),
    report,
  });
  await using server = metrics === undefined ? undefined : await MetricsServer.open(blocks, { ...metrics, redact });
  if (server !== undefined) log.write("info", `metrics at ${server.url}/metrics`, { kind: "metrics" });
  const draw = (): void => {
    supervisor.reportEnded();
    screen.draw(() => {
      const note = supervisor.draining;
      return [...blockTable(supervisor.rows(performance.now())), ...(note === undefined ? [] : [note])];
    });
  };
  const tell = (): void => {
    log.tellLeftOut();
    for (const row of supervisor.rows(performance.now())) {
      const block = row.watched.block.name;
      log.write("info", supervisor.draining ?? "numbers", { block, kind: "stats", facts: blockFacts(row) });
    }
  };
  const timers = [setInterval(draw, FRAME_MS), setInterval(tell, intervalMs)];
  // What came while the file was read may be about a newer one.
  let asked = 0;
  const forget = io.onHangup(() => {
    asked += 1;
    log.write("info", "SIGHUP: reading the configuration again", { kind: "reload" });
    if (asked === 1) void reloadUntilQuiet();
  });
  const reloadUntilQuiet = async (): Promise<void> => {
    let isGood = false;
    for (let seen = 0; seen < asked && !io.signal.aborted; ) {
      seen = asked;
      isGood = await options.reload();
    }
    asked = 0;
    if (isGood) await supervisor.drain();
  };
  try {
    const code = await supervisor.run();
    draw();
    return code;
  } finally {
    forget();
    for (const timer of timers) clearInterval(timer);
    log.tellLeftOut(true);
  }
}

function operatorName({ operators }: BlockDescription): string {
  return operators.length === 0 ? "pass-through" : operators.map(({ used }) => used.written).join(" + ");
}
