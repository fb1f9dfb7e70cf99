// Reads a log of runs from a file, keeps its position in another, and adds up the numbers of each run.
import { openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import {
  AckPrefix,
  Block,
  Event,
  type Inlet,
  Listener,
  type Message,
  Operator,
  Publisher,
  run,
  Start,
  Stop,
} from "arroyojs";
import { Journal } from "./journal.ts";

/** A line of the log. */
export interface LogLine {
  readonly type: "start" | "event" | "stop";
  readonly run: string;
  readonly id?: number;
}

/** A result: what a run's numbers come to. */
export interface SumLine {
  readonly run: string;
  readonly sum: number;
  readonly count: number;
}

/** Where a life ends: by SIGKILL around the n-th call of a kind, or by SIGTERM there. */
export interface LifeEnd {
  readonly at: "process" | "publish" | "commit";
  readonly number: number;
  readonly when: "before" | "after";
  readonly signal: "SIGKILL" | "SIGTERM";
}

/** Describes a life of the worker. */
export interface WorkerOptions {
  readonly log: string;
  readonly position: string;
  readonly journal: string;
  readonly results: string;
  readonly recover: "run" | "message";
  readonly end?: LifeEnd;
}

const options = JSON.parse(process.argv[2] as string) as WorkerOptions;
const journal = new Journal(options.journal);
const calls = { process: 0, publish: 0, commit: 0 };

/** Does a piece of work, and ends this life before or after it if it is the one. */
function around(at: LifeEnd["at"], work: () => void): void {
  const { end } = options;
  calls[at] += 1;
  const isIt = end?.at === at && end.number === calls[at];
  if (isIt && end.when === "before") process.kill(process.pid, end.signal);
  work();
  if (isIt && end.when === "after") process.kill(process.pid, end.signal);
}

/** Gives what stands in the file from the committed position on. */
class FileLog extends Listener {
  override readonly replay = "log";

  override async start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    const lines = readFileSync(options.log, "utf8").trimEnd().split("\n");
    const from = Number(readFileSync(options.position, "utf8"));
    const prefix = new AckPrefix((position) => around("commit", () => commit(position + 1)));
    inlet.ready();
    for (let position = from; position < lines.length && !signal.aborted; position += 1) {
      const line = JSON.parse(lines[position] as string) as LogLine;
      await inlet.put(messageOf(line), prefix.track(position));
    }
  }
}

/** Keeps a position so that a kill leaves the old one or the new one. */
function commit(position: number): void {
  writeFileSync(`${options.position}.new`, String(position));
  renameSync(`${options.position}.new`, options.position);
}

function messageOf({ type, run, id }: LogLine): Message {
  if (type === "start") return new Start({}, { run });
  if (type === "stop") return new Stop({}, { run });
  return new Event({ id, life: 0 }, new Uint8Array(8), { run });
}

/** Keeps its sums in memory only. */
class Sums extends Operator {
  readonly #runs = this.perRun(() => ({ sum: 0, count: 0 }));

  override process(message: Message): Message | Message[] | undefined {
    let result: Message | Message[] | undefined;
    around("process", () => {
      journal.write(message);
      result = this.#add(message);
    });
    return result;
  }

  #add(message: Message): Message | Message[] | undefined {
    if (options.recover === "message" || message.type === "start") return message;
    const state = this.#runs.of(message);
    if (message.type === "stop") {
      const total = new Event({ sum: state.sum, count: state.count }, new Uint8Array(0), { run: message.run });
      return [total, message];
    }
    state.sum += Number(message.metadata["id"]);
    state.count += 1;
    return undefined;
  }
}

/** Has a result when it is in the file. */
class Results extends Publisher {
  override readonly confirms = true;
  readonly #file = openSync(options.results, "a");

  override async publish(message: Message): Promise<void> {
    if (message.type !== "event") return;
    around("publish", () => writeSync(this.#file, `${JSON.stringify({ ...message.metadata, run: message.run })}\n`));
  }
}

await run(
  new Block({
    name: "worker",
    listeners: [new FileLog()],
    operator: new Sums(),
    publishers: [new Results()],
    guarantee: "at-least-once",
    recover: options.recover,
    // Message by message, a run goes on without its Start; run by run, what has no Start was finished before.
    withoutStart: options.recover === "message" ? "make" : "drop",
    startWaitMs: 50,
  }),
);
