import { createHash } from "node:crypto";
import { Event, type Message, Start, Stop } from "../../src/index.ts";
import { joined } from "../../src/message/native/joined.ts";
import { nativeCodec } from "../../src/message/native/native-codec.ts";
import { Seeded } from "../corpus/seeded.ts";

/** Is one message that a bare client writes: its bytes, and into which partition. */
export interface Body {
  readonly bytes: Buffer;
  readonly partition: number;
}

const MAGIC = Buffer.from("EVNT");
const FILLING = 32;
const HASHED = MAGIC.length + 8 + FILLING;
const HASH = 20;
/** How many bytes an event's payload has. */
export const PAYLOAD_BYTES: number = HASHED + HASH;
const RUNS = 4;
const EVENTS = 60;

/** Says of what sort a feed is. */
export interface FeedOptions {
  readonly seed: number;
  /** Events of runs, or events alone. */
  readonly runs: boolean;
  readonly partitions: number;
}

/** Makes what goes into a source: numbered events whose payloads carry their own checksum, and knows what it made. */
export class Feed {
  /** The events by number; each with its run, in order. */
  readonly events: readonly { readonly id: number; readonly run: string | undefined }[];
  /** The runs, in order. */
  readonly runs: readonly string[];
  readonly #bodies: Body[] = [];
  #taken = 0;

  constructor({ seed, runs, partitions }: FeedOptions) {
    const random = new Seeded(seed);
    this.runs = runs ? Array.from({ length: RUNS }, (_, index) => `run-${index}`) : [];
    const events: { id: number; run: string | undefined }[] = [];
    // Each partition has its own writer: its readers look for gaps in the sequences there.
    const writers = Array.from({ length: partitions }, () => nativeCodec.writer({ stream: "source" }));
    const add = (message: Message, partition: number): void => {
      const [frames = []] = (writers[partition] as (typeof writers)[number])(message);
      this.#bodies.push({ bytes: Buffer.from(joined(frames)), partition });
    };
    const event = (run: string | undefined): void => {
      const id = events.length;
      events.push({ id, run });
      add(new Event({ id }, payloadOf(id, random), run === undefined ? {} : { run }), id % partitions);
    };
    if (!runs) for (let count = RUNS * EVENTS; count > 0; count -= 1) event(undefined);
    for (let first = 0; first < this.runs.length; ) {
      // Alone, or two that overlap.
      const together = this.runs.slice(first, first + 1 + random.below(2));
      first += together.length;
      const left = new Map(together.map((run) => [run, EVENTS + 1]));
      for (const run of together) add(new Start({ scan: run }, { run }), 0);
      while (left.size > 0) {
        const run = random.pick([...left.keys()]);
        const more = (left.get(run) as number) - 1;
        left.set(run, more);
        if (more > 0) event(run);
        else {
          left.delete(run);
          add(new Stop({}, { run }), 0);
        }
      }
    }
    this.events = events;
  }

  /** Gives a share of what is left, in order; 1 for all of it. */
  take(share: number): readonly Body[] {
    const count = Math.ceil((this.#bodies.length - this.#taken) * share);
    const from = this.#taken;
    this.#taken += count;
    return this.#bodies.slice(from, this.#taken);
  }

  /** The numbers of a run's events, in order. */
  idsOf(run: string): number[] {
    return this.events.filter((event) => event.run === run).map(({ id }) => id);
  }
}

function payloadOf(id: number, random: Seeded): Uint8Array {
  const bytes = Buffer.alloc(PAYLOAD_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(id, 4);
  bytes.writeUInt32LE(random.below(0x1_0000_0000), 8);
  bytes.set(random.bytes(FILLING), 12);
  hashOf(bytes).copy(bytes, HASHED);
  return bytes;
}

function hashOf(payload: Buffer): Buffer {
  return createHash("sha1").update(payload.subarray(0, HASHED)).digest();
}

/** Reads the number in an event's payload; undefined where it is none, and an error where its checksum is wrong. */
export function idIn(payload: Buffer): number | undefined {
  if (payload.length !== PAYLOAD_BYTES || !payload.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const id = payload.readUInt32LE(4);
  if (!hashOf(payload).equals(payload.subarray(HASHED))) throw new Error(`event ${id}: its payload was changed`);
  return id;
}

/** Finds the numbers of all whole payloads in some bytes, as in a dead letter. */
export function idsIn(bytes: Buffer): number[] {
  const ids: number[] = [];
  for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    const id = idIn(bytes.subarray(at, at + PAYLOAD_BYTES));
    if (id !== undefined) ids.push(id);
  }
  return ids;
}
