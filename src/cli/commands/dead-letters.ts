import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Block } from "../../block/block.ts";
import { UsageError } from "../../errors.ts";
import type { Codec } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import { insteadOf } from "../../options/nearest.ts";
import type { Args } from "../args.ts";
import { messagesOf } from "../burying/letter-messages.ts";
import { lettersOf, type Placed } from "../burying/letter-places.ts";
import { letterFacts, letterLines, letterTable } from "../burying/letter-text.ts";
import { drop, LettersListener, type ReadLetter } from "../burying/letters-listener.ts";
import type { Command } from "../command.ts";
import { CONFIGURATION_OPTIONS } from "../configuration-options.ts";
import { type Io, print, written } from "../io.ts";
import { endOf, formatNamed, publisherAt } from "../parts.ts";

const ACTIONS: Readonly<Record<string, (ids: readonly string[], args: Args, io: Io) => Promise<number>>> = {
  list,
  show,
  replay,
  drop: dropped,
};
const NAMES = Object.keys(ACTIONS);

/** Lists, shows, replays and drops messages that could not be worked on. */
export const command: Command = {
  usage: "list|show|replay|drop [ID...] [options]",
  about: [
    "A block with onError: dead-letter keeps what it could not work on, with the original bytes and the error, in",
    "./dead-letters/NAME or where its configuration says. `list` shows what is there, `show` all about one letter,",
    "`replay` publishes letters again to whoever reads at --to, run by run, `drop` takes them out.",
    "Instead of ids, --all or one of --block, --run and --step say which letters are meant.",
  ].join("\n"),
  examples: [
    { line: "arroyo dead-letters list", does: "of all blocks below ./dead-letters" },
    { line: "arroyo dead-letters show 0193c0ffee00-4be1f00dcafe-00000000", does: "the error, the message" },
    { line: "arroyo dead-letters replay --all --to tcp://127.0.0.1:5555", does: "to a block that connects there" },
    { line: "arroyo dead-letters drop --run scan-7", does: "for good" },
  ],
  options: {
    all: { type: "boolean", description: "replay, drop: all letters" },
    block: { type: "string", value: "NAME", description: "only letters of this block" },
    run: { type: "string", value: "NAME", description: "only letters of this run" },
    step: {
      type: "string",
      value: "STEP",
      choices: ["decode", "process", "publish"],
      description: "only letters that failed there: decode, process or publish",
    },
    dir: { type: "string", multiple: true, value: "DIR", description: "where to look; default ./dead-letters" },
    config: {
      type: "string",
      value: "CONFIG",
      description: "look where the blocks of this configuration keep letters",
    },
    ...CONFIGURATION_OPTIONS,
    format: { type: "string", value: "NAME", description: "show, replay: read the bytes in this format" },
    save: { type: "string", value: "DIR", description: "show: write the frames to files there, as they came" },
    to: { type: "string", value: "URL", description: "replay: publish there" },
    connect: { type: "boolean", description: "replay: connect to URL, instead of waiting there for readers" },
    push: { type: "boolean", description: "replay: deal letters out among readers that pull" },
    drop: { type: "boolean", description: "replay: drop what was sent" },
    json: { type: "boolean", description: "print JSON: a line for each letter" },
  },
  positionals: { max: 1000 },
  stopsItself: true,
  async run(args, io) {
    const [action = "list", ...ids] = args.positionals;
    if (!Object.hasOwn(ACTIONS, action)) {
      throw new UsageError(`dead-letters: there is no "${action}"; ${insteadOf(action, NAMES)}`);
    }
    return await (ACTIONS[action] as (typeof ACTIONS)[string])(ids, args, io);
  },
};

async function list(ids: readonly string[], args: Args, io: Io): Promise<number> {
  const { letters, oddities, folders } = await lettersOf(args, io, ids);
  if (args.flag("json")) {
    for (const { folder, summary } of letters) await print(io, JSON.stringify({ folder, ...summary }));
    return 0;
  }
  if (letters.length > 0) await print(io, letterTable(letters).join("\n"));
  else if (!args.flag("quiet"))
    await print(io, folders.length === 0 ? "no dead letters: there is no folder of them" : "no dead letters");
  for (const oddity of oddities) await written(io.stderr, `arroyo: dead-letters: ${oddity}\n`);
  return 0;
}

async function show(ids: readonly string[], args: Args, io: Io): Promise<number> {
  if (ids.length === 0) throw new UsageError("dead-letters: show needs an id; see arroyo dead-letters list");
  const { letters } = await lettersOf(args, io, ids);
  const codec = await codecOf(args);
  for (const { folder, store, summary } of letters) {
    const letter = await store.read(summary.id);
    const into = args.text("save");
    if (into !== undefined) {
      await mkdir(resolve(io.cwd, into), { recursive: true });
      for (const [index, frame] of letter.frames.entries()) {
        await writeFile(join(resolve(io.cwd, into), `${letter.id}.${index}.bin`), frame);
      }
    }
    if (args.flag("json")) await print(io, JSON.stringify(letterFacts(letter, folder)));
    else await print(io, letterLines(letter, folder, await messagesOf(letter, codec)).join("\n"));
  }
  return 0;
}

async function dropped(ids: readonly string[], args: Args, io: Io): Promise<number> {
  const { letters } = await meant("drop", ids, args, io);
  await drop(letters);
  await say(`${counted(letters.length)} dropped`, args, io);
  return 0;
}

async function replay(ids: readonly string[], args: Args, io: Io): Promise<number> {
  const url = args.text("to");
  if (url === undefined) throw new UsageError("dead-letters: replay needs --to URL, where readers get the letters");
  const { letters } = await meant("replay", ids, args, io);
  const given = await codecOf(args);
  const readable: ReadLetter[] = [];
  const codecs = new Map<string, Codec>();
  for (const placed of letters) {
    const { messages, codec } = await messagesOf(await placed.store.read(placed.summary.id), given);
    if (messages.length > 0) {
      codecs.set(codec.name, codec);
      readable.push({ placed, messages });
    } else await written(io.stderr, `arroyo: dead-letters: ${placed.summary.id}: its bytes cannot be read; it stays\n`);
  }
  const [codec, ...others] = codecs.values();
  if (codec === undefined) return letters.length === 0 ? 0 : 1;
  if (others.length > 0) {
    throw new UsageError(
      `dead-letters: these letters are in several formats: ${[...codecs.keys()].join(", ")}; replay them apart, by --block`,
    );
  }
  const sent = await publish(readable, codec, { url, io, args });
  if (args.flag("drop")) await drop(sent);
  const rest = letters.length - sent.length;
  await say(`${counted(sent.length)} replayed${rest > 0 ? `, ${rest} not` : ""}`, args, io);
  return rest > 0 ? 3 : 0;
}

async function publish(
  letters: readonly ReadLetter[],
  codec: Codec,
  { url, io, args }: { readonly url: string; readonly io: Io; readonly args: Args },
): Promise<readonly Placed[]> {
  const end = endOf(args, "dead-letters", url, "bind");
  const sending = { codec, stream: "dead-letters", waits: true };
  const publisher = await publisherAt(end, sending, { command: "dead-letters", cwd: io.cwd });
  const listener = new LettersListener(letters);
  const block = new Block<AnyMessage, AnyMessage>({ name: "replay", listeners: [listener], publishers: [publisher] });
  const stop = (): void => void block.stop();
  io.signal.addEventListener("abort", stop, { once: true });
  try {
    // A signal may have come before anybody listened to it.
    if (!io.signal.aborted) {
      await block.start();
      await (io.signal.aborted ? block.stop() : block.finished);
    }
    return listener.finished;
  } finally {
    io.signal.removeEventListener("abort", stop);
    await block.stop();
  }
}

/** Gives the letters of a command that changes something: nothing is meant by chance. */
async function meant(
  action: string,
  ids: readonly string[],
  args: Args,
  io: Io,
): Promise<Awaited<ReturnType<typeof lettersOf>>> {
  const isSaid = args.flag("all") || ["block", "run", "step"].some((name) => args.text(name) !== undefined);
  if (ids.length === 0 && !isSaid) {
    throw new UsageError(`dead-letters: which letters to ${action}? Write their ids, --all, --block, --run or --step`);
  }
  return await lettersOf(args, io, ids);
}

async function codecOf(args: Args): Promise<Codec | undefined> {
  const format = args.text("format");
  return format === undefined ? undefined : await formatNamed(format);
}

async function say(words: string, args: Args, io: Io): Promise<void> {
  if (args.flag("json") || args.flag("quiet")) return;
  await print(io, words);
}

function counted(letters: number): string {
  return `${letters} ${letters === 1 ? "letter" : "letters"}`;
}
