import { UsageError } from "../errors.ts";
import type { Event } from "../message/event.ts";
import type { Message } from "../message/message.ts";
import { wrongOption } from "./option-check.ts";

const SUBJECT = "joinBy";

/** Names streams, or gives a test for each name that tells which messages are its own. */
export type JoinedStreams = readonly string[] | Readonly<Record<string, (message: Message) => boolean>>;

/** Names what is equal of events that belong together: a field of their metadata, one for each stream, or a function. */
export type JoinKey = string | Readonly<Record<string, string>> | ((event: Event, stream: string) => unknown);

/** Tells of which stream a message is, and what its key is. */
export class JoinStreams {
  readonly names: readonly string[];
  readonly #streams: JoinedStreams;
  readonly #key: JoinKey;

  constructor(streams: JoinedStreams, key: JoinKey) {
    this.names = namesOf(streams);
    this.#streams = streams;
    this.#key = checkedKey(key, this.names);
  }

  /** Gives the place of a message's stream among the names; -1 for a Start or a Stop of another. */
  placeOf(message: Message, hop: string): number {
    const place = isList(this.#streams)
      ? this.#placeByName(message, hop, this.#streams)
      : Object.values(this.#streams).findIndex((test) => test(message));
    if (place >= 0 || message.type !== "event") return place;
    const stream = hop || (message.envelope.origin?.stream ?? "");
    throw new UsageError(
      `${SUBJECT}: streams: an event of the stream "${stream}", of the run ${message.run ?? "(none)"}, is of none of ` +
        `${this.names.join(", ")}; name its stream, or give tests by name`,
    );
  }

  /** Gives the key of an event as a text; undefined where it has none. */
  keyOf(event: Event, place: number): string | undefined {
    const key = this.#key;
    const name = this.names[place] as string;
    const value =
      typeof key === "function" ? key(event, name) : event.field(typeof key === "string" ? key : (key[name] as string));
    // A number and a BigInt may stand for the same pulse.
    if (typeof value === "number" || typeof value === "bigint") return `# ${value}`;
    return value === undefined || value === null ? undefined : `${typeof value} ${String(value)}`;
  }

  /** The name of the last hop comes first: who reads knows it; that of the first source may be far away. */
  #placeByName(message: Message, hop: string, names: readonly string[]): number {
    const place = names.indexOf(hop);
    const first = message.envelope.origin?.stream;
    return place >= 0 || first === undefined ? place : names.indexOf(first);
  }
}

function isList(streams: JoinedStreams): streams is readonly string[] {
  return Array.isArray(streams);
}

function namesOf(streams: JoinedStreams): readonly string[] {
  const areTests = typeof streams === "object" && streams !== null && !isList(streams);
  const names = areTests ? Object.keys(streams) : streams;
  const isGood =
    isList(names) &&
    names.length >= 2 &&
    new Set(names).size === names.length &&
    names.every((name) => typeof name === "string" && name !== "") &&
    (!areTests || Object.values(streams).every((test) => typeof test === "function"));
  if (!isGood) throw wrongOption(SUBJECT, "streams", "two names or more, or tests by name", streams);
  return names;
}

function checkedKey(key: JoinKey, names: readonly string[]): JoinKey {
  const isGood =
    typeof key === "function" ||
    (typeof key === "string" && key !== "") ||
    (typeof key === "object" && key !== null && names.every((name) => typeof key[name] === "string"));
  if (!isGood) throw wrongOption(SUBJECT, "key", "a field, a field for each stream, or a function", key);
  return key;
}
