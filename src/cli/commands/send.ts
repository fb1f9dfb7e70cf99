import { Block } from "../../block/block.ts";
import { UsageError } from "../../errors.ts";
import type { AnyMessage } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import type { Command } from "../command.ts";
import { print, written } from "../io.ts";
import { endOf, formatNamed, publisherAt, waitText } from "../parts.ts";
import { LinesListener } from "../sending/lines-listener.ts";

/** Nobody needs to be told of a wait that is over at once. */
const TELL_MS = 500;

/** Publishes messages from standard input or files. */
export const command: Command = {
  usage: "URL [FILE...] [options]",
  about: [
    "Each line is a JSON text: a message as the format `json` has it, the metadata of an event, or numbers in lists,",
    "which become its array. A Start goes before them and a Stop behind, unless the first line is a Start.",
    "URL is tcp://HOST:PORT or ipc:///PATH (ZeroMQ), redis://HOST/STREAM or redis://HOST?channel=NAME,",
    "kafka://HOST:PORT/TOPIC, amqp://HOST/VHOST/QUEUE, amqp://HOST?exchange=NAME&key=KEY, ws://HOST:PORT/PATH, which it",
    "serves, or a new file, night.acap. Waits for a subscriber, and before it ends until everything has left.",
  ].join("\n"),
  examples: [
    { line: "seq 100 | arroyo send tcp://127.0.0.1:5555 --rate 10", does: "a hundred numbers, ten a second" },
    { line: "arroyo send tcp://127.0.0.1:5555 look-0001.json", does: "a message that look has written" },
    { line: "arroyo send tcp://reduce:5555 --connect data.jsonl", does: "to a listener that binds" },
    { line: "arroyo send kafka://127.0.0.1:9092/frames data.jsonl", does: "to a topic that is there" },
    { line: "arroyo send tcp://*:5555 --format dectris-v2 series.jsonl", does: "as a detector would" },
  ],
  options: {
    format: { type: "string", value: "NAME", description: "the format on the wire; default native" },
    run: { type: "string", value: "NAME", description: "the name of the run; default a random one" },
    "no-run": { type: "boolean", description: "no Start and no Stop" },
    rate: { type: "string", value: "N", description: "messages per second; default as fast as they are taken" },
    push: { type: "boolean", description: "deal the messages out among readers that pull, instead of publishing" },
    bind: { type: "boolean", description: "wait at URL for readers (the default)" },
    connect: { type: "boolean", description: "connect to URL, instead of waiting there" },
    "no-wait": { type: "boolean", description: "send also when nobody reads: it is lost then" },
    stream: { type: "string", value: "NAME", description: "the name of the stream; default send" },
    json: { type: "boolean", description: "print the account as JSON at the end" },
  },
  positionals: { min: 1, max: 10_000 },
  stopsItself: true,
  async run(args, io) {
    const [url, ...files] = args.positionals as [string, ...string[]];
    const end = endOf(args, "send", url, "bind");
    if (args.text("run") !== undefined && args.flag("no-run")) {
      throw new UsageError("send: --run and --no-run exclude each other; leave one out");
    }
    const rate = args.number("rate", { min: 1e-6 });
    const format = args.text("format");
    const codec = format === undefined ? nativeCodec : await formatNamed(format);
    const sending = { codec, stream: args.text("stream") ?? "send", waits: !args.flag("no-wait") };
    const publisher = await publisherAt(end, sending, { command: "send", cwd: io.cwd });
    const listener = new LinesListener({
      stdin: io.stdin,
      cwd: io.cwd,
      files: files.length === 0 ? ["-"] : files,
      run: args.text("run"),
      wraps: !args.flag("no-run"),
      rate,
    });
    const block = new Block<AnyMessage, AnyMessage>({ name: "send", listeners: [listener], publishers: [publisher] });
    if (io.signal.aborted) return 0;
    const note = async (words: string): Promise<void> => {
      if (!args.flag("quiet")) await written(io.stderr, `arroyo: send: ${words}\n`);
    };
    const stop = (): void => void block.stop();
    const abandon = (): void => void block.stop({ abandon: true });
    io.signal.addEventListener("abort", stop, { once: true });
    io.forced.addEventListener("abort", abandon, { once: true });
    block.on("warning", ({ message }) => void note(message));
    const told = setTimeout(() => {
      void note(waitText(publisher, url));
    }, TELL_MS);
    try {
      await block.start();
      clearTimeout(told);
      if (files.length === 0 && io.isTerminal.stdin) await note("type a JSON text on each line; Ctrl-D ends");
      const account = io.signal.aborted ? await block.stop() : await block.finished;
      if (args.flag("json")) await print(io, JSON.stringify(account));
      else await note(`${account.publishedEvents} events sent`);
      return account.left > 0 ? 3 : 0;
    } finally {
      clearTimeout(told);
      io.signal.removeEventListener("abort", stop);
      io.forced.removeEventListener("abort", abandon);
      await block.stop();
    }
  },
};
