import { randomUUID } from "node:crypto";
import { UsageError } from "../../errors.ts";
import { arrayOf, type Document, fieldsOf, payloadMark } from "../../message/documents/index.ts";
import type { Event } from "../../message/event.ts";
import { isNdArray } from "../../message/ndarray.ts";
import type { Start } from "../../message/start.ts";
import type { Stop } from "../../message/stop.ts";

/** Is a document with its name. */
export interface Made {
  readonly name: string;
  readonly doc: Document;
}

/** Runs that are remembered; the oldest is forgotten first. */
const MOST = 64;

interface RunMade {
  descriptor: string;
  /** What the descriptor describes; events of other data need another one. */
  described: string;
  events: number;
}

/** Makes documents of messages that were not read as such: the events of a run are its stream `primary`. */
export class MadeDocuments {
  readonly #field: string;
  readonly #now: () => number;
  readonly #runs = new Map<string, RunMade>();

  constructor(field: string, now: () => number) {
    this.#field = field;
    this.#now = now;
  }

  start(start: Start<unknown>): Made {
    const data = fieldsOf(start.data, "start.data");
    return { name: "start", doc: { time: this.#time(start), ...data, uid: start.run } };
  }

  /** Makes the document of an event, and before it the descriptor that it needs. */
  event(event: Event<unknown>): readonly Made[] {
    const { run } = event;
    if (run === undefined) {
      throw new UsageError("bluesky: an event outside of any run cannot be written; give it a run, or leave it out");
    }
    const time = this.#time(event);
    const data = this.#dataOf(event);
    const keys = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, dataKey(value, event)]));
    const known = this.#of(run);
    const described = JSON.stringify(keys);
    const made: Made[] = [];
    if (known.described !== described) {
      known.described = described;
      known.descriptor = randomUUID();
      made.push({ name: "descriptor", doc: descriptorOf(run, known.descriptor, time, keys) });
    }
    known.events += 1;
    const timestamps = Object.fromEntries(Object.keys(data).map((key) => [key, time]));
    const { descriptor, events } = known;
    const doc = { uid: randomUUID(), time, data, timestamps, seq_num: events, filled: {}, descriptor };
    return [...made, { name: "event", doc }];
  }

  stop(stop: Stop<unknown>): Made {
    const { run, reason } = stop;
    const events = this.#runs.get(run)?.events;
    this.#runs.delete(run);
    const ending = reason === "completed" ? { exit_status: "success", reason: "" } : { exit_status: "abort", reason };
    const counts = { num_events: events === undefined ? {} : { primary: events } };
    const data = fieldsOf(stop.data, "stop.data");
    return {
      name: "stop",
      doc: { uid: randomUUID(), time: this.#time(stop), ...ending, ...counts, ...data, run_start: run },
    };
  }

  #dataOf(event: Event<unknown>): Document {
    const fields = fieldsOf(event.metadata, "event.metadata");
    const data = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    if (event.payload.byteLength === 0 && !isNdArray(event.payload)) return data;
    if (data[this.#field] !== undefined) {
      throw new UsageError(
        `event.metadata.${this.#field}: the array of the payload is to stand here; rename this field`,
      );
    }
    return { [this.#field]: payloadMark("msgpack-numpy"), ...data };
  }

  #of(run: string): RunMade {
    const known = this.#runs.get(run) ?? { descriptor: "", described: "", events: 0 };
    this.#runs.delete(run);
    this.#runs.set(run, known);
    if (this.#runs.size > MOST) this.#runs.delete(this.#runs.keys().next().value as string);
    return known;
  }

  /** Gives a time in seconds. */
  #time({ envelope }: Start<unknown> | Event<unknown> | Stop<unknown>): number {
    return (envelope.timeMs ?? this.#now()) / 1000;
  }
}

function descriptorOf(run: string, uid: string, time: number, keys: Document): Document {
  return { configuration: {}, data_keys: keys, name: "primary", object_keys: {}, run_start: run, time, uid, hints: {} };
}

/** Describes a value of an event. */
function dataKey(value: unknown, event: Event<unknown>): Document {
  if (isNdArray(value)) return described("array", value.shape);
  if (Array.isArray(value) || value instanceof Uint8Array) return described("array", [value.length]);
  if (typeof value === "object" && value !== null && Object.hasOwn(value, "$payload")) {
    return described("array", arrayOf(event.payload).shape);
  }
  if (typeof value === "number") return described("number", []);
  if (typeof value === "bigint") return described("integer", []);
  return described(typeof value === "boolean" ? "boolean" : "string", []);
}

function described(dtype: string, shape: readonly number[]): Document {
  return { source: "arroyojs", dtype, shape };
}
