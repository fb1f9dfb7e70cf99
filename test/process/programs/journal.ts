import { openSync, writeSync } from "node:fs";
import type { Message } from "arroyojs";

/** What a process writes down about a message, in a file that survives a kill. */
export interface Entry {
  readonly type: "start" | "event" | "stop";
  readonly run: string;
  /** The number that the detector gave an event. */
  readonly id?: number;
  /** The life of the detector that made an event. */
  readonly life?: number;
  readonly resumed?: boolean;
  readonly reason?: string;
}

/** Writes entries at once, so that a kill loses none that was written. */
export class Journal {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  write(message: Message): void {
    writeSync(this.#file, `${JSON.stringify(entryOf(message))}\n`);
  }
}

/** Says of a message what a journal keeps. */
export function entryOf(message: Message): Entry {
  const run = message.run ?? "";
  if (message.type === "start") return { type: "start", run, resumed: message.resumed };
  if (message.type === "stop") return { type: "stop", run, reason: message.reason };
  return { type: "event", run, id: Number(message.metadata["id"]), life: Number(message.metadata["life"]) };
}
