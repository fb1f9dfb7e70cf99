import { resolve } from "node:path";
import { build } from "../../config/build.ts";
import { describe } from "../../config/describe.ts";
import { text } from "../../errors.ts";
import type { Args } from "../args.ts";
import type { Command } from "../command.ts";
import { CONFIGURATION_ABOUT, CONFIGURATION_OPTIONS, describeOptions } from "../configuration-options.ts";
import type { Io } from "../io.ts";
import { type Life, live } from "../running/life.ts";
import { jsonLine, LEVELS, type Level, Log } from "../running/log.ts";
import { LogFile } from "../running/log-file.ts";
import { metricsAddress } from "../running/metrics-address.ts";
import { Screen } from "../running/screen.ts";

const INTERVAL_S = 5;

/** Runs the blocks of a configuration. */
export const command: Command = {
  usage: "[CONFIG] [options]",
  about: [
    CONFIGURATION_ABOUT,
    "SIGTERM and Ctrl-C drain: nothing more comes in, what is there is finished; the second one leaves at once.",
    "SIGHUP reads the configuration again, drains and goes on with the new one; code stays as it was loaded.",
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
    const metrics = metricsAddress(args.text("metrics"));
    const intervalMs = (args.number("interval", { min: 0.1 }) ?? INTERVAL_S) * 1000;
    const logPath = args.text("log");
    let next = await prepared(args, io);
    // After a new reading the old values are as secret as before.
    const redacts = [next.redact];
    const redact = (words: string): string => redacts.reduce((clean, one) => one(clean), words);
    await using file = logPath === undefined ? undefined : await LogFile.open(resolve(io.cwd, logPath), logPath);
    using screen = new Screen(io, { isTable: io.isTerminal.stdout && !args.flag("json"), isQuiet: args.flag("quiet") });
    const instance = args.text("instance");
    const log = new Log({
      level: (args.text("log-level") ?? "info") as Level,
      sinks: [
        screen.sink,
        ...(file === undefined ? [] : [(record: Parameters<typeof jsonLine>[0]) => file.write(jsonLine(record))]),
      ],
      redact,
      now: Date.now,
      ...(instance !== undefined && { instance }),
    });
    for (;;) {
      let coming: Life | undefined;
      const code = await live(next, {
        io,
        log,
        screen,
        metrics,
        intervalMs,
        redact,
        async reload() {
          try {
            coming = await prepared(args, io);
            redacts.push(coming.redact);
            return true;
          } catch (error) {
            coming = undefined;
            log.write("error", `the old configuration stays: ${text(error)}`, { kind: "reload" });
            return false;
          }
        },
      });
      if (file?.failure !== undefined) screen.warn(`--log ${logPath}: ${text(file.failure)}; lines are missing there`);
      // Where a signal came meanwhile, or a block failed, there is nothing to go on with.
      if (coming === undefined || io.signal.aborted || (code !== 0 && code !== 3)) return code;
      next = coming;
      coming = undefined;
    }
  },
};

async function prepared(args: Args, io: Io): Promise<Life> {
  const only = args.list("block");
  const instance = args.text("instance");
  const configuration = await describe(args.positionals[0] ?? ".", describeOptions(args, io));
  const blocks = await build(configuration, { only, ...(instance !== undefined && { instance }) });
  const names = new Set(blocks.map(({ name }) => name));
  return {
    blocks,
    descriptions: configuration.blocks.filter(({ name }) => names.has(name)),
    redact: (words) => configuration.secrets.redact(words),
  };
}
