import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { Block } from "../../block/block.ts";
import { loadFiles } from "../../config/registry.ts";
import { UsageError } from "../../errors.ts";
import type { AnyMessage } from "../../message/message.ts";
import { rawCodec } from "../../message/raw-codec.ts";
import type { Args } from "../args.ts";
import type { Command } from "../command.ts";
import { type Io, print, written } from "../io.ts";
import { endOf, publisherAt, waitText } from "../parts.ts";

type Files = Awaited<ReturnType<typeof loadFiles>>;
type Listener = InstanceType<Files["CaptureListener"]>;

/** Nobody needs to be told of a wait that is over at once. */
const TELL_MS = 500;

/** Publishes a capture again. */
export const command: Command = {
  usage: "FILE [URL] [options]",
  about: [
    "Sends the recorded bytes again, as they were, at the speed at which they came. Waits for a subscriber first, and",
    "before it ends until everything has left. --from takes a position (the number of a message), a time such as",
    "2026-05-01T22:30, or the name of a run.",
  ].join("\n"),
  examples: [
    { line: "arroyo replay night.acap --list", does: "what was recorded: runs, times, sizes" },
    { line: "arroyo replay night.acap tcp://*:5555", does: "at the original speed" },
    {
      line: "arroyo replay night.acap tcp://*:5555 --from scan-8 --speed max",
      does: "from a run on, as fast as it can",
    },
    { line: "arroyo replay night.acap tcp://*:5555 --step", does: "one message for each Enter" },
  ],
  options: {
    list: { type: "boolean", description: "print what the file holds, and send nothing" },
    speed: { type: "string", value: "N", description: "a factor of the original speed, or max; default 1" },
    step: { type: "boolean", description: "send one message for each line of standard input" },
    "max-gap": { type: "string", value: "SECONDS", description: "shorten longer silences to this" },
    from: { type: "string", value: "WHERE", description: "where to begin: a position, a time, or a run" },
    follow: { type: "boolean", description: "go on with what is recorded later" },
    push: { type: "boolean", description: "deal the messages out among readers that pull, instead of publishing" },
    bind: { type: "boolean", description: "wait at URL for readers (the default)" },
    connect: { type: "boolean", description: "connect to URL, instead of waiting there" },
    "no-wait": { type: "boolean", description: "send also when nobody reads: it is lost then" },
    json: { type: "boolean", description: "print the list, or the account, as JSON" },
  },
  positionals: { min: 1, max: 2 },
  stopsItself: true,
  async run(args, io) {
    const [file, url] = args.positionals as [string, string | undefined];
    const files = await loadFiles();
    const path = resolve(io.cwd, file);
    if (args.flag("list")) return list(await files.describeCapture(path), args, io);
    if (url === undefined) throw new UsageError("replay: say where to publish it: tcp://*:5555, or give --list");
    const end = endOf(args, "replay", url, "bind");
    const gap = args.number("max-gap", { min: 0 });
    const listener = new files.CaptureListener<AnyMessage>({
      path,
      codec: rawCodec,
      speed: speedOf(args),
      ...(gap !== undefined && { maxGapMs: gap * 1000 }),
      from: await placeOf(args.text("from"), path, files),
      follow: args.flag("follow"),
    });
    const waits = !args.flag("no-wait");
    const sending = { codec: rawCodec, stream: "replay", waits };
    const publisher = await publisherAt(end, sending, { command: "replay", cwd: io.cwd });
    const block = new Block<AnyMessage, AnyMessage>({ name: "replay", listeners: [listener], publishers: [publisher] });
    const note = async (words: string): Promise<void> => {
      if (!args.flag("quiet")) await written(io.stderr, `arroyo: replay: ${words}\n`);
    };
    const stop = (): void => void block.stop();
    const abandon = (): void => void block.stop({ abandon: true });
    io.signal.addEventListener("abort", stop, { once: true });
    io.forced.addEventListener("abort", abandon, { once: true });
    block.on("warning", ({ message }) => void note(message));
    const told = setTimeout(() => {
      void note(waitText(publisher, url));
    }, TELL_MS);
    let steps: (() => void) | undefined;
    try {
      await block.start();
      clearTimeout(told);
      if (args.flag("step")) steps = stepped(listener, io, stop);
      const account = io.signal.aborted ? await block.stop() : await block.finished;
      if (args.flag("json")) await print(io, JSON.stringify(account));
      else await note(`${account.publishedEvents} messages sent`);
      return account.left > 0 ? 3 : 0;
    } finally {
      clearTimeout(told);
      steps?.();
      io.signal.removeEventListener("abort", stop);
      io.forced.removeEventListener("abort", abandon);
      await block.stop();
    }
  },
};

function speedOf(args: Args): number | "max" | "step" {
  if (args.flag("step")) {
    if (args.text("speed") === undefined) return "step";
    throw new UsageError("replay: --step and --speed exclude each other; leave one out");
  }
  return args.text("speed") === "max" ? "max" : (args.number("speed", { min: 1e-6 }) ?? 1);
}

/** A run's name comes first: what looks like a number or a time may be one. */
async function placeOf(
  text: string | undefined,
  path: string,
  files: Files,
): Promise<{ run: string } | { position: number } | { time: Date } | "oldest"> {
  if (text === undefined) return "oldest";
  const { runs } = await files.describeCapture(path);
  if (runs.some(({ run }) => run === text)) return { run: text };
  if (/^\d+$/.test(text)) return { position: Number(text) };
  const time = new Date(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime())) return { time };
  throw new UsageError(
    `--from: "${text}" is no run of this file, and neither a position nor a time; see arroyo replay FILE --list`,
  );
}

/** Lets a message pass for each line; the end of the lines ends the replay. Gives what stops that. */
function stepped(listener: Listener, io: Io, stop: () => void): () => void {
  const lines = createInterface({ input: io.stdin });
  lines.on("line", () => listener.step());
  lines.on("close", stop);
  return () => {
    lines.off("close", stop);
    lines.close();
  };
}

async function list(found: Awaited<ReturnType<Files["describeCapture"]>>, args: Args, io: Io): Promise<number> {
  if (args.flag("json")) {
    await print(io, JSON.stringify(found));
    return 0;
  }
  const { codec, segments, bytes, first, next, firstMs, latestMs, runs, isClosed } = found;
  const time = (ms: number | undefined): string => (ms === undefined ? "-" : new Date(ms).toISOString());
  await print(
    io,
    `${next - first} messages of ${codec}, ${bytes} bytes in ${segments} file${segments === 1 ? "" : "s"}`,
  );
  await print(io, `from ${time(firstMs)} to ${time(latestMs)}${isClosed ? "" : ", not closed"}`);
  for (const { run, from, to } of runs) {
    const messages = (to ?? next) - from;
    await print(io, `${run}  from ${from}, ${messages} messages${to === undefined ? ", without a Stop" : ""}`);
  }
  return 0;
}
