import { isHeader } from "../../message/native/prelude.ts";
import type { Settlement } from "../../queue/settlement.ts";
import { type Entry, entriesOf, entriesRead, pairs } from "./entries.ts";
import { compareIds, FIRST_ID, idBefore } from "./entry-id.ts";
import type { From } from "./from.ts";
import type { GroupMemory } from "./group-memory.ts";
import type { Link } from "./link.ts";
import { type OpenStart, openStarts } from "./run-index.ts";
import { countAt, type StreamInfo, streamInfo } from "./stream-info.ts";
import { BLOCK_MS, LOOK_EVERY_MS, type StreamReading } from "./stream-reading.ts";

/** What a consumer is told by its listener. */
export interface GroupOptions {
  readonly stream: string;
  readonly group: string;
  readonly consumer: string;
  readonly from: From;
  /** After how many milliseconds without a sign of life a consumer's entries are taken over. */
  readonly claimAfterMs: number;
  readonly reader: Link;
  readonly control: Link;
  readonly memory: GroupMemory;
  lost(entries: number): void;
  warn(message: string): void;
  /** Is told when there is less in work. */
  changed(): void;
}

interface Group {
  readonly lastDelivered: string;
  readonly read: number | undefined;
}

/** Bit 16 of the flags: what comes here is dealt out among several readers. */
const SHARED = 16;
const MAX_IDS = 1_000;

/** Reads a stream as one consumer of a group: entries are dealt out, and acknowledged one by one. */
export class GroupReading implements StreamReading {
  readonly #options: GroupOptions;
  /** Where in our own entries of before we are; undefined when all were given. */
  #ownAfter: string | undefined = FIRST_ID;
  /** Where in the entries of the dead we are; undefined when all were looked at. */
  #claimAfter: string | undefined = FIRST_ID;
  #lookedAtMs = performance.now();
  #signs: NodeJS.Timeout | undefined;
  /** What was given to us and waits to be put: it is ours like what is in work. */
  readonly #ahead = new Set<string>();
  #isOver = false;
  #readerId: unknown;
  #told = 0;
  #averageBytes = 0;
  readonly #nack = (id: string): Promise<void> => this.#giveBack([id]);

  constructor(options: GroupOptions) {
    this.#options = options;
  }

  get averageBytes(): number {
    return this.#averageBytes;
  }

  get outstanding(): number {
    return this.#options.memory.size;
  }

  async begin(): Promise<readonly OpenStart[]> {
    const { control, reader, stream, group, from, memory, claimAfterMs } = this.#options;
    const info = await streamInfo(control, stream);
    const id = from === "oldest" ? FIRST_ID : from === "newest" ? info.lastId : from.id;
    const count = countAt(info, id);
    const read = count === undefined ? [] : ["ENTRIESREAD", count];
    const [made] = await control.callAll([["XGROUP", "CREATE", stream, group, id, "MKSTREAM", ...read]], "give");
    if (made instanceof Error && !made.message.startsWith("BUSYGROUP")) throw control.error(made);
    // So that a read that waits can be ended.
    [this.#readerId] = await reader.callAll([["CLIENT", "ID"]], "give");
    await this.#look();
    memory.use(control, this.#options.changed);
    // While our entries are in work, however long that takes, nobody must take us for dead.
    this.#signs = setInterval(() => this.#signOfLife(), claimAfterMs / 3).unref();
    return this.#startsBehind();
  }

  async next(count: number): Promise<readonly Entry[]> {
    const entries = await this.#next(count);
    for (const { id } of entries) this.#ahead.add(id);
    return entries;
  }

  async #next(count: number): Promise<readonly Entry[]> {
    const { stream, reader } = this.#options;
    if (this.#ownAfter !== undefined) return this.#own(count, this.#ownAfter);
    if (performance.now() - this.#lookedAtMs > LOOK_EVERY_MS) {
      this.#lookedAtMs = performance.now();
      await this.#look();
      this.#claimAfter ??= FIRST_ID;
    }
    if (this.#claimAfter !== undefined) {
      const claimed = await this.#claim(count, this.#claimAfter);
      if (claimed.length > 0 || this.#isOver) return claimed;
    }
    return entriesRead(
      await reader.call(["XREADGROUP", ...this.#as(), "COUNT", count, "BLOCK", BLOCK_MS, "STREAMS", stream, ">"]),
    );
  }

  track(id: string, frames: readonly Uint8Array[]): Settlement {
    const [first] = frames;
    // Other consumers have what is missing here: a gap in the sequences is no loss.
    if (first !== undefined && first.length > 5 && isHeader(first)) first[5] = (first[5] as number) | SHARED;
    this.#ahead.delete(id);
    this.#options.memory.add(id);
    return new GroupSettlement(this.#options.memory, id, this.#nack);
  }

  async lag(): Promise<number | undefined> {
    const mine = await this.#facts();
    const lag: unknown = mine?.get("lag");
    return typeof lag === "number" ? lag + Number(mine?.get("pending") ?? 0) : undefined;
  }

  /** Its read ends now, or within its waiting time; what it brings is given back. */
  interrupt(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#signs);
    const { control } = this.#options;
    if (typeof this.#readerId !== "number" || control.isClosed) return;
    control.callAll([["CLIENT", "UNBLOCK", this.#readerId]], "give").catch(() => undefined);
  }

  async leave(entries: readonly Entry[]): Promise<void> {
    await this.#giveBack(entries.map(({ id }) => id));
  }

  /** Goes on with what this consumer was given before and did not finish. */
  async #own(count: number, after: string): Promise<readonly Entry[]> {
    const { reader, stream } = this.#options;
    const entries = entriesRead(
      await reader.call(["XREADGROUP", ...this.#as(), "COUNT", count, "STREAMS", stream, after]),
    );
    this.#ownAfter = entries[entries.length - 1]?.id;
    return this.#withoutGone(entries.filter(({ id }) => !this.#isOurs(id)));
  }

  async #claim(count: number, after: string): Promise<readonly Entry[]> {
    const { control, stream, group, consumer, claimAfterMs } = this.#options;
    const answer = await control.call(["XAUTOCLAIM", stream, group, consumer, claimAfterMs, after, "COUNT", count]);
    const [next, claimed, deleted] = Array.isArray(answer) ? (answer as unknown[]) : [];
    this.#claimAfter = String(next) === FIRST_ID ? undefined : String(next);
    if (Array.isArray(deleted)) this.#trimmed(deleted.filter((id) => !this.#isOurs(String(id))).length);
    return this.#withoutGone(entriesOf(claimed).filter(({ id }) => !this.#isOurs(id)));
  }

  /** Tells whether an entry is in work here, or waits for it. */
  #isOurs(id: string): boolean {
    return this.#ahead.has(id) || this.#options.memory.has(id);
  }

  /** Counts entries that were trimmed before they were finished, and takes them out of the group. */
  async #withoutGone(entries: readonly Entry[]): Promise<readonly Entry[]> {
    const gone = entries.filter(({ fields }) => fields === undefined);
    if (gone.length === 0) return entries;
    const { control, stream, group } = this.#options;
    this.#trimmed(gone.length);
    await control.call(["XACK", stream, group, ...gone.map(({ id }) => id)]);
    return entries.filter(({ fields }) => fields !== undefined);
  }

  #trimmed(entries: number): void {
    if (entries > 0) this.#options.lost(entries);
  }

  /** Lets entries count as left long ago, so that whoever looks next takes them. */
  async #giveBack(ids: readonly string[]): Promise<void> {
    const { control, stream, group, consumer, claimAfterMs, memory } = this.#options;
    for (const id of ids) {
      this.#ahead.delete(id);
      memory.drop(id);
    }
    if (control.isClosed) return;
    for (let at = 0; at < ids.length; at += MAX_IDS) {
      const some = ids.slice(at, at + MAX_IDS);
      await control.call(["XCLAIM", stream, group, consumer, 0, ...some, "IDLE", claimAfterMs + 1, "JUSTID"]);
    }
  }

  /** Makes our entries young again; those that somebody took over meanwhile are younger and stay his. */
  #signOfLife(): void {
    const { control, stream, group, consumer, claimAfterMs, memory } = this.#options;
    const ids = [...memory.unfinished, ...this.#ahead];
    const commands = [];
    for (let at = 0; at < ids.length; at += MAX_IDS) {
      const some = ids.slice(at, at + MAX_IDS);
      commands.push(["XCLAIM", stream, group, consumer, Math.floor(claimAfterMs / 6), ...some, "JUSTID"] as const);
    }
    if (commands.length > 0 && !control.isClosed) control.callAll(commands).catch(() => undefined);
  }

  /** Compares what the group was given with what there was, and who else reads. */
  async #look(): Promise<void> {
    const { control, stream, group } = this.#options;
    const info = await streamInfo(control, stream);
    this.#averageBytes = info.averageBytes;
    const state = await this.#state();
    if (state === undefined || state.read === undefined) return;
    const there = countAt(info, state.lastDelivered);
    if (there === undefined || there <= state.read) return;
    this.#trimmed(there - state.read);
    // From here on the server counts rightly again; where another consumer was quicker some entries come twice.
    const at = startOf(info, state);
    await control.call(["XGROUP", "SETID", stream, group, at, "ENTRIESREAD", there]);
  }

  /** What the server knows of the group, as XINFO tells it. */
  async #facts(): Promise<ReadonlyMap<string, unknown> | undefined> {
    const { control, stream, group } = this.#options;
    const groups = await control.call(["XINFO", "GROUPS", stream]);
    return (Array.isArray(groups) ? groups : []).map(pairs).find((one) => String(one.get("name")) === group);
  }

  async #state(): Promise<Group | undefined> {
    const mine = await this.#facts();
    if (mine === undefined) return undefined;
    const read = mine.get("entries-read");
    this.#company(Number(mine.get("consumers")));
    return {
      lastDelivered: String(mine.get("last-delivered-id")),
      read: read === undefined || read === null ? undefined : Number(read),
    };
  }

  /** Several consumers share the runs: only one of them gets a Start. */
  #company(consumers: number): void {
    if (consumers < 2 || consumers === this.#told) return;
    this.#told = consumers;
    const { group, stream } = this.#options;
    this.#options.warn(
      `the group ${group} of ${stream} has ${consumers} consumers: where they read at the same time each event, Start ` +
        "and Stop comes to one of them; for runs use one consumer at a time, or a cursor for each reader",
    );
  }

  /** Gives the Starts of runs that were open when the oldest entry in work was added. */
  async #startsBehind(): Promise<readonly OpenStart[]> {
    const { control, stream, group } = this.#options;
    const { lastDelivered = FIRST_ID } = (await this.#state()) ?? {};
    const pending = await control.call(["XPENDING", stream, group]);
    const oldest = Array.isArray(pending) && pending[1] !== null ? idBefore(String(pending[1])) : lastDelivered;
    const open = await openStarts(control, stream, lastDelivered);
    if (compareIds(oldest, lastDelivered) >= 0) return open;
    // Runs that ended since have something in work; a Start that is in work itself comes by itself.
    const known = new Set(open.map(({ id }) => id));
    const before = await openStarts(control, stream, oldest);
    const all = [...open, ...before.filter(({ id }) => !known.has(id))];
    return all.sort((one, other) => compareIds(one.id, other.id));
  }

  #as(): readonly ["GROUP", string, string] {
    return ["GROUP", this.#options.group, this.#options.consumer];
  }
}

/** The position from which the group goes on: nothing is between it and what was trimmed. */
function startOf({ firstId, lastId }: StreamInfo, { lastDelivered }: Group): string {
  if (firstId !== undefined && compareIds(firstId, lastDelivered) > 0) return idBefore(firstId);
  return compareIds(lastId, lastDelivered) > 0 ? lastId : lastDelivered;
}

/** Settles one entry of a group. */
class GroupSettlement implements Settlement {
  readonly #memory: GroupMemory;
  readonly #id: string;
  readonly #giveBack: (id: string) => Promise<void>;

  constructor(memory: GroupMemory, id: string, giveBack: (id: string) => Promise<void>) {
    this.#memory = memory;
    this.#id = id;
    this.#giveBack = giveBack;
  }

  ack(): void | Promise<void> {
    return this.#memory.finish(this.#id);
  }

  nack(): void | Promise<void> {
    return this.#memory.has(this.#id) ? this.#giveBack(this.#id) : undefined;
  }
}
