import { resolve } from "node:path";
import { Block } from "../../block/block.ts";
import { loadFiles } from "../../config/registry.ts";
import { UsageError } from "../../errors.ts";
import type { AnyMessage } from "../../message/message.ts";
import { rawCodec } from "../../message/raw-codec.ts";
import type { Command } from "../command.ts";
import { print, written } from "../io.ts";
import { endOf, formatNamed, listenerAt } from "../parts.ts";

const MEGABYTE = 1024 * 1024;

/** Records a stream into a capture. */
export const command: Command = {
  usage: "URL FILE [options]",
  about: [
    "Keeps the bytes of every message as they come, with the time; Ctrl-C ends. Name the format, and a replay can begin",
    "at a run. A FILE that is there already is left alone unless --append is given.",
  ].join("\n"),
  examples: [
    { line: "arroyo record tcp://detector:5555 night.acap", does: "any stream, until Ctrl-C" },
    { line: "arroyo record kafka://127.0.0.1:9092/frames?from=oldest a.acap", does: "a topic, from its beginning on" },
    { line: "arroyo record tcp://detector:9999 night.acap --pull --format dectris-v2", does: "a detector that pushes" },
    {
      line: "arroyo record tcp://detector:5555 night.acap --for 60 --segment 4096",
      does: "a minute, in files of 4 GB",
    },
  ],
  options: {
    format: { type: "string", value: "NAME", description: "the format on the wire, so that runs are found by name" },
    pull: { type: "boolean", description: "take messages that are pushed: whoever shared them gets fewer" },
    ask: { type: "string", value: "QUESTION", description: "ask for each message, as a REP wants it: next" },
    bind: { type: "boolean", description: "wait at URL for who sends" },
    connect: { type: "boolean", description: "connect to URL (the default)" },
    append: { type: "boolean", description: "go on with a file that is there" },
    for: { type: "string", value: "SECONDS", description: "end after this time" },
    segment: { type: "string", value: "MB", description: "begin another file after so many megabytes; default 1024" },
    sync: {
      type: "string",
      value: "WHEN",
      choices: ["close", "interval", "message"],
      description: "when it is brought to the disk: close, interval (each second, the default) or message",
    },
    json: { type: "boolean", description: "print the account as JSON at the end" },
  },
  positionals: { min: 2, max: 2 },
  stopsItself: true,
  async run(args, io) {
    const [url, file] = args.positionals as [string, string];
    const end = endOf(args, "record", url, "connect");
    const seconds = args.number("for", { min: 0 });
    const megabytes = args.number("segment", { min: 1 });
    const name = args.text("format");
    const format = name === undefined ? undefined : await formatNamed(name);
    const { CapturePublisher, describeCapture } = await loadFiles();
    const path = resolve(io.cwd, file);
    const before = await describeCapture(path).catch(() => undefined);
    if (before !== undefined && !args.flag("append")) {
      throw new UsageError(
        `record: ${file} is there already, with ${before.next} messages; give --append, or another name`,
      );
    }
    const { listener, shown } = await listenerAt(end, { command: "record", cwd: io.cwd, codec: rawCodec });
    const publisher = new CapturePublisher<AnyMessage>({
      path,
      codec: rawCodec,
      ...(format !== undefined && { format }),
      ...(megabytes !== undefined && { segmentBytes: Math.round(megabytes * MEGABYTE) }),
      sync: (args.text("sync") ?? "interval") as "close" | "interval" | "message",
      stream: shown,
    });
    const block = new Block<AnyMessage, AnyMessage>({ name: "record", listeners: [listener], publishers: [publisher] });
    const note = async (words: string): Promise<void> => {
      if (!args.flag("quiet")) await written(io.stderr, `arroyo: record: ${words}\n`);
    };
    const stop = (): void => void block.stop();
    const abandon = (): void => void block.stop({ abandon: true });
    io.signal.addEventListener("abort", stop, { once: true });
    io.forced.addEventListener("abort", abandon, { once: true });
    block.on("warning", ({ message }) => void note(message));
    let ending: NodeJS.Timeout | undefined;
    try {
      await block.start();
      await note(`records ${shown} into ${file}; Ctrl-C ends`);
      if (seconds !== undefined) ending = setTimeout(stop, seconds * 1000);
      const account = io.signal.aborted ? await block.stop() : await block.finished;
      if (args.flag("json")) await print(io, JSON.stringify(account));
      else await note(`${account.publishedEvents} messages recorded`);
      return account.left > 0 ? 3 : 0;
    } finally {
      clearTimeout(ending);
      io.signal.removeEventListener("abort", stop);
      io.forced.removeEventListener("abort", abandon);
      await block.stop();
    }
  },
};
