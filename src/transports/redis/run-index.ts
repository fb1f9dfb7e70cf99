import type { AnyMessage } from "../../message/message.ts";
import type { Command } from "./command.ts";
import { compareIds } from "./entry-id.ts";
import type { Link } from "./link.ts";

/** Names the Start of a run that is open at some position. */
export interface OpenStart {
  readonly id: string;
  /** Its bytes, where they are kept beside the stream; undefined: they stand in the entry. */
  readonly frame: Buffer | undefined;
}

interface Indexed {
  readonly run: string;
  /** Where its Stop stands; undefined while it is open. */
  stop: string | undefined;
  readonly frame: Buffer | undefined;
}

/** More runs than this are not remembered; publishers keep fewer open. */
const MAX_RUNS = 1024;
/** Larger Starts are not kept twice. */
const MAX_KEPT_BYTES = 64 * 1024;
const OPEN = "-";

/** Names the hash beside a stream in which the positions of the Starts and Stops of its runs stand. */
export function runIndexKey(stream: string): string {
  return `${stream}:arroyo:runs`;
}

/** Remembers beside a stream where its runs begin and end, so that whoever begins in the middle finds their Starts. */
export class RunIndex {
  readonly #key: string;
  readonly #runs = new Map<string, Indexed>();

  constructor(stream: string) {
    this.#key = runIndexKey(stream);
  }

  /** Reads what earlier publishers left. */
  async load(link: Link): Promise<void> {
    this.#runs.clear();
    for (const [id, indexed] of readIndex(await link.call(["HGETALL", this.#key]))) this.#runs.set(id, indexed);
  }

  /** Gives the commands that note a Start or Stop which stands at this position now. */
  note(message: AnyMessage, id: string, wire: readonly Uint8Array[], firstId: string | undefined): readonly Command[] {
    const { run } = message;
    if (message.type === "event" || run === undefined) return [];
    const set: (string | Buffer)[] = [];
    // A Start of the same run by another life takes its place, for those who begin later.
    for (const [start, indexed] of this.#runs) {
      if (indexed.run !== run || indexed.stop !== undefined) continue;
      indexed.stop = id;
      set.push(start, valueFor(indexed));
    }
    if (message.type === "start") {
      const [frame] = wire.length === 1 ? wire : [];
      const kept = frame !== undefined && frame.length <= MAX_KEPT_BYTES ? Buffer.from(frame) : undefined;
      const indexed: Indexed = { run, stop: undefined, frame: kept };
      this.#runs.set(id, indexed);
      set.push(id, valueFor(indexed));
    }
    const gone = this.#forget(firstId);
    const commands: Command[] = [];
    if (set.length > 0) commands.push(["HSET", this.#key, ...set]);
    if (gone.length > 0) commands.push(["HDEL", this.#key, ...gone]);
    return commands;
  }

  /** Nobody can begin before the oldest entry, so that a run that ended there is of no interest. */
  #forget(firstId: string | undefined): string[] {
    const gone: string[] = [];
    for (const [id, { stop }] of this.#runs) {
      const isTrimmed = stop !== undefined && firstId !== undefined && compareIds(stop, firstId) < 0;
      if (isTrimmed || this.#runs.size - gone.length > MAX_RUNS) gone.push(id);
    }
    for (const id of gone) this.#runs.delete(id);
    return gone;
  }
}

/** Gives the Starts of the runs that are open behind a position, in order. */
export async function openStarts(link: Link, stream: string, position: string): Promise<OpenStart[]> {
  const open: OpenStart[] = [];
  for (const [id, { stop, frame }] of readIndex(await link.call(["HGETALL", runIndexKey(stream)]))) {
    if (compareIds(id, position) > 0) continue;
    if (stop === undefined || compareIds(stop, position) > 0) open.push({ id, frame });
  }
  return open.sort((one, other) => compareIds(one.id, other.id));
}

function valueFor({ run, stop = OPEN, frame }: Indexed): Buffer {
  const head = Buffer.from(`${stop} ${JSON.stringify(run)}\n`);
  return frame === undefined ? head : Buffer.concat([head, frame]);
}

/** Whoever writes into the hash may write anything: what is not of this form is left out. */
function readIndex(answer: unknown): Map<string, Indexed> {
  const found = new Map<string, Indexed>();
  if (!Array.isArray(answer)) return found;
  for (let at = 0; at + 1 < answer.length && found.size < MAX_RUNS; at += 2) {
    const indexed = readValue(answer[at + 1] as Buffer);
    const id = String(answer[at]);
    if (indexed !== undefined && /^\d{1,20}-\d{1,20}$/.test(id)) found.set(id, indexed);
  }
  return found;
}

function readValue(value: Buffer): Indexed | undefined {
  const end = value.indexOf(10);
  const head = /^(-|\d{1,20}-\d{1,20}) (".*")$/s.exec(value.subarray(0, Math.max(0, end)).toString());
  if (head === null) return undefined;
  try {
    const run: unknown = JSON.parse(head[2] as string);
    if (typeof run !== "string") return undefined;
    const frame = end + 1 < value.length ? Buffer.from(value.subarray(end + 1)) : undefined;
    return { run, stop: head[1] === OPEN ? undefined : head[1], frame };
  } catch {
    return undefined;
  }
}
