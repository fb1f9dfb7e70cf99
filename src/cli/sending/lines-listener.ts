import type { Readable } from "node:stream";
import { UsageError } from "../../errors.ts";
import { type Inlet, Listener } from "../../listener/listener.ts";
import { Event } from "../../message/event.ts";
import type { AnyMessage, Message } from "../../message/message.ts";
import { Start } from "../../message/start.ts";
import { Stop } from "../../message/stop.ts";
import { inputLines } from "./input-lines.ts";
import { lineFault, lineReader } from "./line-message.ts";

/** Says where lines come from, and what is made of them. */
export interface LinesOptions {
  readonly stdin: Readable;
  readonly cwd: string;
  /** Paths; `-` is standard input. */
  readonly files: readonly string[];
  /** The name of the run; without one a random one. */
  readonly run: string | undefined;
  /** False: events go out without a run. */
  readonly wraps: boolean;
  /** Messages per second; undefined: as fast as they are taken. */
  readonly rate: number | undefined;
}

/** Brings lines of JSON in as messages, with a Start before and a Stop behind unless they bring their own. */
export class LinesListener extends Listener<AnyMessage> {
  /** Messages that were put. */
  sent = 0;
  readonly #options: LinesOptions;

  constructor(options: LinesOptions) {
    super();
    this.#options = options;
  }

  override async start(inlet: Inlet<AnyMessage>, signal: AbortSignal): Promise<void> {
    inlet.ready();
    const { wraps, run, rate } = this.#options;
    const start = new Start({}, { ...(run !== undefined && { run }), timeMs: Date.now() });
    let hasOwn = !wraps;
    let isFirst = true;
    const begin = performance.now();
    for await (const message of this.#messages(signal)) {
      if (isFirst && message.type !== "event") hasOwn = true;
      if (isFirst && !hasOwn) await inlet.put(start);
      isFirst = false;
      if (rate !== undefined) await due(begin + (this.sent * 1000) / rate, signal);
      if (signal.aborted) return;
      await inlet.put(hasOwn ? message : inRun(message, start.run));
      this.sent += 1;
    }
    // What was interrupted gets its Stop from the block, with that reason.
    if (!hasOwn && !isFirst && !signal.aborted) {
      await inlet.put(new Stop({ events: this.sent }, { run: start.run, timeMs: Date.now() }));
    }
  }

  async *#messages(signal: AbortSignal): AsyncGenerator<Message> {
    const { files, stdin, cwd } = this.#options;
    const read = lineReader();
    for await (const { line, name, number } of inputLines(files, { stdin, cwd, signal }, "send")) {
      yield parsed(() => read(line), name, number);
    }
  }
}

function parsed(read: () => Message, name: string, line: number): Message {
  try {
    return read();
  } catch (error) {
    throw new UsageError(lineFault(name, line, error), { cause: error });
  }
}

function inRun(message: Message, run: string): Message {
  if (message.type !== "event" || message.run !== undefined) return message;
  return new Event(message.metadata, message.payload, { timeMs: Date.now(), ...message.envelope, run });
}

function due(atMs: number, signal: AbortSignal): Promise<void> {
  const ms = atMs - performance.now();
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
