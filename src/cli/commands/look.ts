import { UsageError } from "../../errors.ts";
import type { Args } from "../args.ts";
import type { Command } from "../command.ts";
import { depthOf } from "../drawing/palette.ts";
import { type Io, print, written } from "../io.ts";
import { showLive } from "../looking/live-screen.ts";
import { bodyLines, headLines, type LookState } from "../looking/screen.ts";
import { Session } from "../looking/session.ts";
import { silenceText } from "../looking/silence.ts";
import { summaryOf } from "../looking/summary.ts";
import { endOf, formatNamed, listenerAt } from "../parts.ts";

/** Silence that nobody needs to be told of. */
const PATIENT_S = 4;
/** How long `--once` waits for a message. */
const ONCE_S = 30;
const LINE_MS = 1000;

/** Shows what a stream carries. */
export const command: Command = {
  usage: "URL [options]",
  about: [
    "Connects to a stream, guesses its format and shows runs, rate, losses, metadata and the latest array.",
    "URL is tcp://HOST:PORT or ipc:///PATH (ZeroMQ), redis://HOST/STREAM or redis://HOST?channel=NAME,",
    "kafka://HOST:PORT/TOPIC, amqp://HOST?exchange=NAME or amqp://HOST?stream=NAME, ws://HOST:PORT/PATH,",
    "or the path of a capture or of a folder. From the newest message on; ?from=oldest begins at the oldest.",
    "It never disturbs the stream: only --pull and --take take messages away from other readers.",
    "keys: space pause, s step, w write the message to a file, l log/lin, m mean/max, q quit",
  ].join("\n"),
  examples: [
    { line: "arroyo look tcp://127.0.0.1:5555", does: "watch a stream" },
    { line: "arroyo look tcp://detector:31001 --pull", does: "watch a PUSH; takes messages from its readers" },
    { line: "arroyo look kafka://127.0.0.1:9092/frames", does: "a topic, in no group of yours" },
    { line: "arroyo look amqp://127.0.0.1/%2F/frames --take", does: "a work queue: its messages are gone then" },
    { line: "arroyo look tcp://127.0.0.1:5555 --once --json", does: "one message, for a script" },
    { line: "arroyo look tcp://127.0.0.1:5555 --format dectris-v2", does: "do not guess the format" },
  ],
  options: {
    format: { type: "string", value: "NAME", description: "the format, instead of guessing it" },
    sub: { type: "boolean", description: "subscribe, as a PUB wants it (the default)" },
    pull: { type: "boolean", description: "pull, as a PUSH wants it: takes messages from its other readers" },
    ask: { type: "string", value: "QUESTION", description: "ask for each message, as a REP wants it: next" },
    take: { type: "boolean", description: "read also what is gone for others then: a work queue, a group" },
    bind: { type: "boolean", description: "wait at URL for the sender to connect, instead of connecting" },
    once: { type: "boolean", description: "print the first event and end" },
    json: { type: "boolean", description: "print JSON: one object with --once, else one a second" },
    timeout: { type: "string", value: "SECONDS", description: `give up when nothing came; with --once ${ONCE_S}` },
  },
  positionals: { min: 1, max: 1 },
  stopsItself: true,
  async run(args, io) {
    const address = args.positionals[0] as string;
    const isPull = args.flag("pull");
    if (isPull && args.flag("sub")) throw new UsageError("look: --sub and --pull exclude each other; leave one out");
    const timeoutS = args.number("timeout", { min: 0 }) ?? (args.flag("once") ? ONCE_S : undefined);
    const format = args.text("format");
    const codec = format === undefined ? undefined : await formatNamed(format);
    const given = codec === undefined ? {} : { codec };
    const place = await listenerAt(endOf(args, "look", address, "connect"), { command: "look", cwd: io.cwd, ...given });
    const { listener, shown: url, takes } = place;
    if (takes !== undefined && !args.flag("take")) {
      throw new UsageError(`look: ${url}: ${takes}; give --take to do that${unlessTaken(url)}`);
    }
    const isAsking = args.text("ask") !== undefined;
    const isTaking = isPull || isAsking || takes !== undefined;
    const warning = `look: --${isPull ? "pull" : isAsking ? "ask" : "take"} takes messages away from the other readers of this stream`;
    if (isTaking && !args.flag("quiet")) await written(io.stderr, `arroyo: ${warning}\n`);
    const known = place.hasOwnForm ? listener.codec : codec;
    await using session = new Session({ listener, codec: known, load: formatNamed, isOnce: args.flag("once") });
    const silence = silenceOf(session, { url, isPull, isLog: place.isLog });
    const isLive = io.isTerminal.stdin && io.isTerminal.stdout && !args.flag("once") && !args.flag("json");
    if (isLive) {
      await showLive(session, { url, silence }, io);
      return 0;
    }
    return args.flag("once")
      ? await once(session, { url, silence, timeoutS, isPull, isLog: place.isLog }, args, io)
      : await follow(session, { url, silence, timeoutS, isPull, isLog: place.isLog }, args, io);
  },
};

interface Way {
  readonly url: string;
  readonly silence: (nowMs: number) => string | undefined;
  readonly timeoutS: number | undefined;
  readonly isPull: boolean;
  readonly isLog: boolean;
}

function unlessTaken(url: string): string {
  return url.startsWith("amqp") ? ", or watch an exchange (?exchange=NAME) or a stream (?stream=NAME)" : "";
}

/** Tells what may be the cause when nothing came for some seconds, and what the transport warned of. */
function silenceOf(
  session: Session,
  way: Pick<Way, "url" | "isPull" | "isLog">,
): (nowMs: number) => string | undefined {
  const { source } = session;
  let seen = 0;
  let sinceMs = performance.now();
  return (nowMs) => {
    if (source.messages !== seen) [seen, sinceMs] = [source.messages, nowMs];
    const seconds = Math.floor((nowMs - sinceMs) / 1000);
    if (seconds < PATIENT_S) return undefined;
    // The stream was there, and rests; a run may be over.
    if (source.messages > 0) return source.isConnected === false ? `the sender is gone for ${seconds} s` : undefined;
    return silenceText(source, { ...way, seconds });
  };
}

async function once(session: Session, way: Way, args: Args, io: Io): Promise<number> {
  const { url } = way;
  const patience = patienceOf(way, io);
  try {
    const observer = await session.recognised(patience.signal);
    await new Promise<void>((resolve, reject) => {
      if (observer === undefined || observer.shown?.type === "event" || patience.signal.aborted) return resolve();
      observer.onChange(() => observer.shown?.type === "event" && resolve());
      observer.finished.then(() => resolve(), reject);
      session.source.ended.then(() => resolve(), reject);
      patience.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    if (observer?.shown === undefined) return await gaveUp(session, way, io);
    const rates = { bytes: session.source.bytes };
    if (args.flag("json")) await print(io, JSON.stringify(summaryOf(url, observer, rates)));
    else await written(io.stdout, `${onceLines(stateOf(session, url, io), io).join("\n")}\n`);
    return 0;
  } finally {
    patience.end();
  }
}

/** Prints a line a second, for logs and pipes. */
async function follow(session: Session, way: Way, args: Args, io: Io): Promise<number> {
  const patience = patienceOf(way, io);
  let said: string | undefined;
  const line = async (): Promise<void> => {
    const nowMs = performance.now();
    const words = way.silence(nowMs)?.replace(/\d+ s/, "some seconds");
    if (words !== undefined && words !== said && !args.flag("quiet"))
      await written(io.stderr, `arroyo: look: ${words}\n`);
    said = words;
    const { observer, source } = session;
    const rates = session.rates(nowMs);
    if (observer === undefined) return;
    patience.enough();
    if (args.flag("json"))
      await print(io, JSON.stringify(summaryOf(way.url, observer, { bytes: source.bytes, ...rates })));
    else await print(io, headLines({ ...stateOf(session, way.url, io), ...rates }).join("  "));
  };
  const timer = setInterval(() => void line(), LINE_MS);
  try {
    const observer = await session.recognised(patience.signal);
    if (observer === undefined) return io.signal.aborted ? 0 : await gaveUp(session, way, io);
    const aborted = new Promise<void>((resolve) => {
      if (patience.signal.aborted) resolve();
      else patience.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([observer.finished, session.source.ended, aborted]);
    await line();
    return 0;
  } finally {
    clearInterval(timer);
    patience.end();
  }
}

async function gaveUp(session: Session, { url, timeoutS, isPull, isLog }: Way, io: Io): Promise<number> {
  if (io.signal.aborted) return 0;
  const { messages } = session.source;
  const why =
    messages > 0
      ? `${messages} messages came and none was an event; is the format right?`
      : silenceText(session.source, { url, isPull, isLog, seconds: timeoutS ?? 0 });
  await written(io.stderr, `arroyo: look: ${why}\n`);
  return 1;
}

/** Ends waiting after some seconds, or with the command. */
function patienceOf({ timeoutS }: Way, io: Io): { readonly signal: AbortSignal; enough(): void; end(): void } {
  const over = new AbortController();
  const stop = (): void => over.abort();
  const timer = timeoutS === undefined ? undefined : setTimeout(stop, timeoutS * 1000);
  if (io.signal.aborted) stop();
  io.signal.addEventListener("abort", stop, { once: true });
  return {
    signal: over.signal,
    enough: () => clearTimeout(timer),
    end: () => {
      clearTimeout(timer);
      io.signal.removeEventListener("abort", stop);
    },
  };
}

function stateOf(session: Session, url: string, io: Io): LookState {
  const { observer, source } = session;
  const depth = depthOf(io.env, io.hasColours);
  const rates = { perSecond: undefined, bytesPerSecond: undefined };
  return { url, observer, ...rates, messages: source.messages, note: undefined, scale: "log", merge: "mean", depth };
}

function onceLines(state: LookState, io: Io): string[] {
  const size = io.size();
  return [...headLines(state), "", ...bodyLines(state, { columns: size.columns, rows: Math.max(12, size.rows - 4) })];
}
