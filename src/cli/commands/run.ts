import { resolve } from "node:path";
import { accountText } from "../../block/account-text.ts";
import { build } from "../../config/build.ts";
import type { Configuration } from "../../config/configuration.ts";
import { describe } from "../../config/describe.ts";
import { UsageError } from "../../errors.ts";
import { MetricsServer } from "../../telemetry/metrics-server.ts";
import type { Command } from "../command.ts";
import { CONFIGURATION_ABOUT, CONFIGURATION_OPTIONS, describeOptions } from "../configuration-options.ts";
import { LiveRegion } from "../drawing/live-region.ts";
import { blockFacts, blockTable } from "../running/block-table.ts";
import { jsonLine, LEVELS, type Level, Log, type Sink, textLine } from "../running/log.ts";
import { LogFile } from "../running/log-file.ts";
import { runText, Supervisor, type SupervisorOptions } from "../running/supervisor.ts";

const FRAME_MS = 250;
const INTERVAL_S = 5;

/** Runs the blocks of a configuration. */
export const command: Command = {
  usage: "[CONFIG] [options]",
  about: [
    CONFIGURATION_ABOUT,
    "SIGTERM and Ctrl-C drain: nothing more comes in, what is there is finished; the second one leaves at once.",
    "exit codes: 0 ended or drained, 1 a block failed, 2 wrong use or configuration, 3 drained with something left,",
    "130 left at once",
  ].join("\n"),
  examples: [
    { line: "arroyo run", does: "the blocks of ./arroyo.yaml" },
    { line: "arroyo run blocks.yaml --block reduce", does: "one of several blocks" },
    { line: "arroyo run blocks.yaml --metrics 9464", does: "with http://127.0.0.1:9464/metrics" },
    { line: "arroyo run blocks.yaml --log run.jsonl | cat", does: "JSON lines, also to a file" },
  ],
  options: {
    block: { type: "string", multiple: true, value: "NAME", description: "only this block; may be repeated" },
    ...CONFIGURATION_OPTIONS,
    instance: { type: "string", value: "ID", description: "tells processes that run the same blocks apart" },
    metrics: { type: "string", value: "HOST:PORT", description: "serve /metrics, /livez and /readyz there" },
    log: { type: "string", value: "FILE", description: "append the log to a file, as JSON lines" },
    "log-level": {
      type: "string",
      value: "LEVEL",
      choices: LEVELS,
      description: "debug, info, warn or error; default info",
    },
    interval: { type: "string", value: "SECONDS", description: `between two lines of numbers; default ${INTERVAL_S}` },
    json: { type: "boolean", description: "JSON lines also on a terminal" },
  },
  positionals: { max: 1 },
  stopsItself: true,
  outlivesOutput: true,
  async run(args, io) {
    const address = addressOf(args.text("metrics"));
    const intervalMs = (args.number("interval", { min: 0.1 }) ?? INTERVAL_S) * 1000;
    const instance = args.text("instance");
    const configuration = await describe(args.positionals[0] ?? ".", describeOptions(args, io));
    const redact = (words: string): string => configuration.secrets.redact(words);
    const logPath = args.text("log");
    await using file = logPath === undefined ? undefined : await LogFile.open(resolve(io.cwd, logPath), logPath);
    const blocks = await build(configuration, {
      only: args.list("block"),
      ...(instance !== undefined && { instance }),
    });
    const isTable = io.isTerminal.stdout && !args.flag("json");
    const region = isTable ? new LiveRegion(io.stdout, () => io.size().columns) : undefined;
    const isQuiet = args.flag("quiet");
    const out: Sink = (record) => {
      if (region !== undefined) {
        if (record.kind !== "stats" && record.kind !== "account" && (!isQuiet || record.level === "error"))
          region.print(textLine(record));
      } else if (!isQuiet || record.level === "error" || record.kind === "account")
        io.stdout.write(`${jsonLine(record, redact)}\n`);
    };
    const log = new Log({
      level: (args.text("log-level") ?? "info") as Level,
      sinks: [
        out,
        ...(file === undefined ? [] : [(record: Parameters<Sink>[0]) => file.write(jsonLine(record, redact))]),
      ],
      redact,
      now: Date.now,
    });
    const report: SupervisorOptions["report"] = (account, run) => {
      const words = run === undefined ? accountText(account) : runText(account, run);
      region?.print(redact(words));
      const which = run === undefined ? "the account" : `the account of run ${run.run}`;
      const facts = { account: run ?? account };
      log.write("info", which, {
        block: account.block,
        ...(run !== undefined && { run: run.run }),
        kind: "account",
        facts,
      });
    };
    using supervisor = new Supervisor(blocks, {
      log,
      signal: io.signal,
      forced: io.forced,
      operators: operatorNames(configuration),
      report,
    });
    await using metrics = address === undefined ? undefined : await MetricsServer.open(blocks, address);
    if (metrics !== undefined) log.write("info", `metrics at ${metrics.url}/metrics`, { kind: "metrics" });
    const draw = (): void => {
      const rows = supervisor.rows(performance.now());
      const note = supervisor.draining;
      region?.draw(isQuiet ? [] : [...blockTable(rows), ...(note === undefined ? [] : [note])]);
    };
    const tell = (): void => {
      for (const row of supervisor.rows(performance.now())) {
        const block = row.watched.block.name;
        log.write("info", supervisor.draining ?? "numbers", { block, kind: "stats", facts: blockFacts(row) });
      }
    };
    const timers = [setInterval(draw, FRAME_MS), setInterval(tell, intervalMs)];
    try {
      const code = await supervisor.run();
      draw();
      return code;
    } finally {
      for (const timer of timers) clearInterval(timer);
    }
  },
};

/** Reads `HOST:PORT`, `PORT` or `[IPv6]:PORT`. */
function addressOf(given: string | undefined): { readonly host: string; readonly port: number } | undefined {
  if (given === undefined) return undefined;
  const [, host, port] = /^(?:(\[[^\]]+\]|[^:]*):)?(\d+)$/.exec(given) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new UsageError(`--metrics: "${given}" is no address; write HOST:PORT, such as 127.0.0.1:9464`);
  }
  return { host: host === undefined || host === "" ? "127.0.0.1" : host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

function operatorNames({ blocks }: Configuration): ReadonlyMap<string, string> {
  return new Map(
    blocks.map(({ name, operators }) => {
      const written = operators.map(({ used }) => used.written);
      return [name, written.length === 0 ? "pass-through" : written.join(" + ")];
    }),
  );
}
