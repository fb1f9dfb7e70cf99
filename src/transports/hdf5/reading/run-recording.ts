import { RejectedError } from "../../../errors.ts";
import { Event } from "../../../message/event.ts";
import { jsonCodec } from "../../../message/json-codec.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../message/limits.ts";
import type { Message, Payload } from "../../../message/message.ts";
import { Start } from "../../../message/start.ts";
import { Stop } from "../../../message/stop.ts";
import { BYTES, LAYOUT } from "../format/layout.ts";
import type { StoredDataset } from "./dataset.ts";
import { EventWindow, type StoredEvent } from "./event-window.ts";
import type { Recording } from "./recording.ts";
import type { StoredTree } from "./stored-tree.ts";

const MAX_ARRAYS = 1_024;

interface Parts {
  readonly start: Start | undefined;
  readonly stop: Stop | undefined;
  readonly run: string | undefined;
  readonly stream: string;
  readonly events: EventWindow;
}

/** Gives back what a `Hdf5Publisher` wrote, message by message. */
export class RunRecording implements Recording {
  readonly count: number;
  readonly start: Start | undefined;
  readonly stream: string;
  readonly #tree: StoredTree;
  readonly #parts: Parts;
  readonly #before: number;
  readonly #arrays = new Map<number, StoredDataset>();
  #bytes: StoredDataset | undefined;

  private constructor(tree: StoredTree, parts: Parts) {
    this.#tree = tree;
    this.#parts = parts;
    this.start = parts.start;
    this.stream = parts.stream;
    this.#before = parts.start === undefined ? 0 : 1;
    this.count = this.#before + parts.events.count + (parts.stop === undefined ? 0 : 1);
  }

  static async open(tree: StoredTree): Promise<RunRecording> {
    const version = (await tree.attributes("/")).get(LAYOUT.version);
    if (version !== "1") throw new RejectedError("hdf5: made by a newer arroyojs; update this one");
    const [start, stop] = [await messageAt(tree, "start"), await messageAt(tree, "stop")];
    const run = await (await tree.dataset("/entry/entry_identifier"))?.value();
    const stream = (await tree.attributes("/entry")).get(LAYOUT.stream);
    return new RunRecording(tree, {
      start: start instanceof Start ? start : undefined,
      stop: stop instanceof Stop ? stop : undefined,
      run: typeof run === "string" ? run : undefined,
      stream: typeof stream === "string" ? stream : "",
      events: await EventWindow.open(tree),
    });
  }

  async read(number: number, limits: Limits): Promise<Message> {
    const { start, stop, events, run } = this.#parts;
    if (number === 0 && start !== undefined) return start;
    const index = number - this.#before;
    if (index === events.count && stop !== undefined) return stop;
    const { metadata, envelope, ...event } = await events.event(index);
    const payload = await this.#payload(event, limits);
    return new Event(metadata, payload, run === undefined ? envelope : { run, ...envelope });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tree.close();
  }

  async #payload(
    { array, row, length, empty }: Pick<StoredEvent, "array" | "row" | "length" | "empty">,
    limits: Limits,
  ): Promise<Payload> {
    if (empty !== undefined) return empty;
    if (array !== BYTES) return (await this.#array(array)).array(row, limits.maxMessageBytes);
    if (length === 0) return new Uint8Array(0);
    if (length > limits.maxMessageBytes) {
      throw new RejectedError(`hdf5: ${length} bytes are too many; at most ${limits.maxMessageBytes} are taken`);
    }
    this.#bytes ??= await this.#tree.dataset("/entry/events/bytes");
    if (this.#bytes?.type.bytes !== 1) throw new RejectedError("hdf5: the bytes of events are missing");
    return this.#bytes.bytes(row, length);
  }

  async #array(number: number): Promise<StoredDataset> {
    const known = this.#arrays.get(number);
    if (known !== undefined) return known;
    const path = `/entry/data/data${number === 0 ? "" : `_${number + 1}`}`;
    const found = number >= 0 && number < MAX_ARRAYS ? await this.#tree.dataset(path) : undefined;
    if (found === undefined) throw new RejectedError(`hdf5: there is no array ${number}; the file is damaged`);
    this.#arrays.set(number, found);
    return found;
  }
}

async function messageAt(tree: StoredTree, name: string): Promise<Message | undefined> {
  const json = (await tree.attributes(`/entry/${name}`)).get(LAYOUT.message);
  if (typeof json !== "string") return undefined;
  const bytes = Buffer.from(json);
  const limits = { ...DEFAULT_LIMITS, maxHeaderBytes: Math.max(bytes.length, DEFAULT_LIMITS.maxHeaderBytes) };
  return jsonCodec.reader(limits)([bytes])[0]?.message;
}
