import { AckPrefix } from "../../listener/ack-prefix.ts";
import type { Settlement } from "../../queue/settlement.ts";
import { type Entry, entriesOf, entriesRead, framesOf, pairs } from "./entries.ts";
import { compareIds, FIRST_ID } from "./entry-id.ts";
import type { From } from "./from.ts";
import type { Link } from "./link.ts";
import { type OpenStart, openStarts } from "./run-index.ts";
import type { RunPositions } from "./run-positions.ts";
import { countAt, streamInfo } from "./stream-info.ts";
import { BLOCK_MS, LOOK_EVERY_MS, type StreamReading } from "./stream-reading.ts";

/** What a cursor is told by its listener. */
export interface CursorOptions {
  readonly stream: string;
  /** Under which name the position is remembered; undefined: not at all. */
  readonly cursor: string | undefined;
  readonly from: From;
  readonly fields: ReadonlySet<string> | undefined;
  readonly reader: Link;
  readonly control: Link;
  readonly positions: RunPositions;
  /** Where reading got to, over all connections of this listener. */
  readonly memory: CursorMemory;
  /** Counts entries that are gone; `isFirst` says that nobody else can have noticed. */
  lost(entries: number, isFirst: boolean): void;
  warn(message: string): void;
  /** Is told when there is less in work. */
  changed(): void;
}

/** What a cursor knows from one connection to the next. */
export interface CursorMemory {
  /** The position that was written last. */
  committed: string | undefined;
  /** Where it is without a name: at the last entry whose predecessors are finished, too. */
  hasBegun: boolean;
}

/** Reads a stream from a position on, and remembers the finished prefix in a hash beside it. */
export class CursorReading implements StreamReading {
  readonly #options: CursorOptions;
  readonly #prefix: AckPrefix;
  /** The last entry that was read. */
  #position = FIRST_ID;
  /** How many entries of the stream there were up to it; undefined where the server does not count. */
  #count: number | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  /** What was tracked and is not committed: their ids, and how many entries there were up to each. */
  #tracked: { readonly id: string; readonly count: number | undefined }[] = [];
  #firstTracked = 0;
  /** After a message was given back nothing more is committed. */
  #isCut = false;
  #outstanding = 0;
  #averageBytes = 0;

  readonly #settled = (isGivenBack: boolean): void => {
    this.#isCut ||= isGivenBack;
    this.#outstanding -= 1;
    this.#options.changed();
  };

  constructor(options: CursorOptions) {
    this.#options = options;
    this.#prefix = new AckPrefix((number) => this.#commit(number));
  }

  get averageBytes(): number {
    return this.#averageBytes;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  async begin(): Promise<readonly OpenStart[]> {
    const { reader, stream, cursor, memory, fields, positions } = this.#options;
    const info = await streamInfo(reader, stream);
    this.#averageBytes = info.averageBytes;
    if (info.added === undefined) {
      this.#options.warn(
        "the server is older than Redis 7: entries that were trimmed before they were read aren't counted",
      );
    }
    const stored = cursor === undefined ? undefined : pairs(await reader.call(["HGETALL", cursorKey(stream, cursor)]));
    const storedAt = idOf(stored?.get("position"));
    const committed = storedAt ?? memory.committed;
    this.#position = committed ?? this.#beginning(info.lastId);
    if (committed !== undefined && compareIds(committed, info.lastId) > 0) {
      this.#options.warn(
        `${stream} ends at ${info.lastId}, before the position ${committed}: it was made anew, or lost data`,
      );
      this.#position = info.lastId;
      memory.committed = undefined;
    }
    const storedCount = storedAt === undefined ? Number.NaN : Number(String(stored?.get("count") ?? "x"));
    this.#count = Number.isSafeInteger(storedCount) ? storedCount : undefined;
    this.#find(countAt(info, this.#position), !memory.hasBegun);
    this.#lookedAtMs = performance.now();
    memory.hasBegun = true;
    const starts = await this.#startsAt(idsOf(stored?.get("starts")));
    const frames = starts.map(async ({ id, frame }) => ({
      id,
      frames: frame === undefined ? await this.#framesAt(id, fields) : [frame],
    }));
    positions.begin(await Promise.all(frames));
    // Without a first position a death before the first commit would begin at another newest.
    if (cursor !== undefined && committed === undefined) await this.#write(this.#position, this.#count, starts);
    return starts;
  }

  async next(count: number): Promise<readonly Entry[]> {
    const { reader, stream } = this.#options;
    if (performance.now() - this.#lookedAtMs > LOOK_EVERY_MS) {
      this.#lookedAtMs = performance.now();
      const info = await streamInfo(reader, stream);
      this.#averageBytes = info.averageBytes;
      this.#find(countAt(info, this.#position), false);
    }
    const entries = entriesRead(
      await reader.call(["XREAD", "COUNT", count, "BLOCK", BLOCK_MS, "STREAMS", stream, this.#position]),
    );
    const last = entries[entries.length - 1];
    if (last !== undefined) this.#position = last.id;
    return entries;
  }

  track(id: string, frames: readonly Uint8Array[]): Settlement | undefined {
    if (this.#count !== undefined) this.#count += 1;
    const number = this.#firstTracked + this.#tracked.length;
    if (this.#isCut) return undefined;
    this.#options.positions.look(id, frames, number);
    this.#tracked.push({ id, count: this.#count });
    this.#outstanding += 1;
    return new CursorSettlement(this.#prefix.track(number), this.#settled);
  }

  interrupt(): void {
    this.#options.reader.close();
  }

  async leave(): Promise<void> {}

  #beginning(lastId: string): string {
    const { from } = this.#options;
    return from === "oldest" ? FIRST_ID : from === "newest" ? lastId : from.id;
  }

  /** Compares how many entries there were up to here with how many were read. */
  #find(count: number | undefined, isFirst: boolean): void {
    if (count === undefined) return;
    if (this.#count !== undefined && count > this.#count) this.#options.lost(count - this.#count, isFirst);
    this.#count = count;
  }

  /** What other programs wrote has no index beside it: of those the cursor itself remembers the Starts. */
  async #startsAt(remembered: readonly string[]): Promise<readonly OpenStart[]> {
    const { reader, stream } = this.#options;
    const indexed = await openStarts(reader, stream, this.#position);
    const known = new Set(indexed.map(({ id }) => id));
    const others = remembered.filter((id) => !known.has(id)).map((id) => ({ id, frame: undefined }));
    return [...indexed, ...others].sort((one, other) => compareIds(one.id, other.id));
  }

  async #framesAt(id: string, names: ReadonlySet<string> | undefined): Promise<Buffer[] | undefined> {
    const { reader, stream } = this.#options;
    const [entry] = entriesOf(await reader.call(["XRANGE", stream, id, id]));
    return entry?.fields === undefined ? undefined : framesOf(entry.fields, names);
  }

  #commit(number: number): void | Promise<void> {
    const { memory, positions } = this.#options;
    const at = number - this.#firstTracked;
    const { id, count } = this.#tracked[at] as { readonly id: string; readonly count: number | undefined };
    this.#tracked.splice(0, at + 1);
    this.#firstTracked = number + 1;
    const starts = positions.openAt(number);
    // What an earlier connection brought may be finished after what a later one did.
    if (memory.committed !== undefined && compareIds(id, memory.committed) <= 0) return undefined;
    memory.committed = id;
    return this.#write(
      id,
      count,
      starts.map((start) => ({ id: start })),
    );
  }

  async #write(id: string, count: number | undefined, starts: readonly { readonly id: string }[]): Promise<void> {
    const { control, stream, cursor, memory } = this.#options;
    if (cursor === undefined) return;
    const open = starts.map((start) => start.id).join(" ");
    try {
      await control.call([
        ...(["HSET", cursorKey(stream, cursor), "position", id, "count", count ?? "", "starts", open] as const),
      ]);
    } catch (error) {
      // Not written: a later commit must not be taken for an older one.
      if (memory.committed === id) memory.committed = undefined;
      throw error;
    }
  }
}

/** Names the hash beside a stream in which a cursor remembers its position. */
export function cursorKey(stream: string, cursor: string): string {
  return `${stream}:arroyo:cursor:${cursor}`;
}

function idOf(value: unknown): string | undefined {
  const text = value === undefined ? "" : String(value);
  return /^\d{1,20}-\d{1,20}$/.test(text) ? text : undefined;
}

function idsOf(value: unknown): readonly string[] {
  return String(value ?? "")
    .split(" ")
    .flatMap((id) => idOf(id) ?? []);
}

/** Settles one entry of a cursor. */
class CursorSettlement implements Settlement {
  readonly #own: Settlement;
  readonly #settled: (isGivenBack: boolean) => void;
  #isSettled = false;

  constructor(own: Settlement, settled: (isGivenBack: boolean) => void) {
    this.#own = own;
    this.#settled = settled;
  }

  ack(): void | Promise<void> {
    if (this.#isSettled) return undefined;
    this.#isSettled = true;
    const acked = this.#own.ack();
    if (acked !== undefined) return acked.finally(() => this.#settled(false));
    this.#settled(false);
    return undefined;
  }

  nack(reason: "failed" | "stopped"): void | Promise<void> {
    if (this.#isSettled) return undefined;
    this.#isSettled = true;
    this.#settled(true);
    return this.#own.nack(reason);
  }
}
