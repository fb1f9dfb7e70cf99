import { Start } from "../message/start.ts";
import type { StopReason } from "../message/stop.ts";
import { type Ending, Run } from "./run.ts";
import { Source } from "./source.ts";

/** Why the tracker leaves a message out. */
export type Refusal = "copy" | "no-start" | "after-stop" | "not-open" | "superseded";

/** What is to be done, in this order; `item` is what the caller handed in with the message. */
export type Effect<T> =
  /** The operator gets this Start; without an item it was made here. */
  | { readonly do: "open"; readonly run: Run; readonly start: Start; readonly item: T | undefined }
  /** The operator gets this event or Stop. */
  | { readonly do: "pass"; readonly run: Run; readonly item: T }
  /** The operator gets a Stop that is made here. */
  | { readonly do: "end"; readonly run: Run; readonly reason: StopReason }
  /** Nothing comes of the message. */
  | { readonly do: "drop"; readonly run: Run | undefined; readonly item: T; readonly reason: Refusal };

/** Bounds and rules of a tracker. */
export interface TrackerOptions {
  /** How long events wait for the Start of their run. */
  readonly startWaitMs: number;
  /** How long a source with signs of life may be silent. */
  readonly abandonAfterMs: number;
  readonly maxOpenRuns: number;
  /** What happens to events whose Start did not come. */
  readonly withoutStart: "drop" | "make";
  /** How many messages may wait for Starts. */
  readonly maxWaiting: number;
  /** How many bytes of them. */
  readonly maxWaitingBytes: number;
}

interface Waiting<T> {
  readonly source: Source;
  readonly deadline: number;
  readonly items: { readonly item: T; readonly stop: StopReason | undefined }[];
}

const MAX_SOURCES = 256;
const MAX_ENDED = 64;

/**
 * Makes the run rule true: for each run exactly one Start, then its events, then exactly one Stop. It is a pure
 * reducer: it is told what came and what time it is, and answers what is to be done; it has no clock and no I/O.
 */
export class RunTracker<T extends { readonly bytes: number }> {
  readonly #options: TrackerOptions;
  readonly #sources = new Map<string, Source>();
  /** Open runs, oldest first, by stream and run id. */
  readonly #open = new Map<string, Run>();
  readonly #sourceOf = new Map<Run, Source>();
  readonly #waiting = new Map<Run, Waiting<T>>();
  /** Runs that are over or never began, oldest first; remembered so that what comes late is known. */
  readonly #past = new Set<Run>();
  #waitingItems = 0;
  #waitingBytes = 0;

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  get openRuns(): IterableIterator<Run> {
    return this.#open.values();
  }

  /** True while time alone can change something. */
  get timed(): boolean {
    if (this.#waiting.size > 0) return true;
    for (const run of this.#open.values()) if (this.#sourceOf.get(run)?.timed) return true;
    return false;
  }

  /** Gives the source of a key, and makes it when it is new; the key is its incarnation where it has one. */
  source(key: string, stream: string): Source {
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    if (this.#sources.size >= MAX_SOURCES) this.#forgetSource();
    const source = new Source(key, stream);
    this.#sources.set(key, source);
    return source;
  }

  /** Gives the source that has a run of this id open, where it is the only one. */
  holderOf(id: string): Source | undefined {
    let holder: Source | undefined;
    for (const run of this.#open.values()) {
      if (run.id !== id) continue;
      if (holder !== undefined) return undefined;
      holder = this.#sourceOf.get(run);
    }
    return holder;
  }

  /** Takes a Start; `sequence` is its place among all Starts and Stops of its source, where that has one. */
  start(source: Source, start: Start, item: T, copy: boolean, sequence?: number): Effect<T>[] {
    const effects = this.#start(source, start, item, copy, sequence);
    if (effects.some((effect) => effect.do === "open")) {
      const run = source.runs.get(start.run);
      if (run !== undefined) run.startSequence = sequence;
    }
    return effects;
  }

  #start(source: Source, start: Start, item: T, copy: boolean, sequence: number | undefined): Effect<T>[] {
    const known = source.runs.get(start.run);
    if (known === undefined) return this.#openNew(source, start, item, false);
    if (known.state === "open") {
      if (copy || sameStart(known, start, true)) return [{ do: "drop", run: known, item, reason: "copy" }];
      return [this.#end(known, "interrupted", "left"), ...this.#openNew(source, start, item, false)];
    }
    if (known.state === "ended") {
      if (known.ending === "superseded") return [{ do: "drop", run: known, item, reason: "superseded" }];
      if (known.ending !== "stop") return this.#openNew(source, start, item, true);
      if (!copy && !sameStart(known, start, false)) return this.#openNew(source, start, item, false);
      if (!copy && goesOn(known, start, sequence)) return this.#openNew(source, start, item, true);
      return [{ do: "drop", run: known, item, reason: "after-stop" }];
    }
    return this.#openNew(source, start, item, true, known);
  }

  event(source: Source, id: string, item: T, now: number): Effect<T>[] {
    return this.#later(source, id, item, now, undefined);
  }

  stop(source: Source, id: string, item: T, now: number, reason: StopReason): Effect<T>[] {
    const known = source.runs.get(id);
    if (known === undefined) return [{ do: "drop", run: undefined, item, reason: "not-open" }];
    if (known.state === "open") {
      this.#close(known, reason, "stop");
      return [{ do: "pass", run: known, item }];
    }
    if (known.state === "ended") return [{ do: "drop", run: known, item, reason: "after-stop" }];
    return this.#later(source, id, item, now, reason);
  }

  /** Forgets that the Stop of a run came, since a part of the run is still to come; gives the run where it is known. */
  reopen(source: Source, id: string): Run | undefined {
    const run = source.runs.get(id);
    if (run?.state !== "ended" || run.ending !== "stop") return run;
    this.#past.delete(run);
    this.#sourceOf.delete(run);
    source.runs.delete(id);
    return undefined;
  }

  /** Takes a sign of life: runs that the source no longer has open lost their Stop on the way. */
  alive(source: Source, openThere: ReadonlySet<string>): Effect<T>[] {
    const effects: Effect<T>[] = [];
    for (const run of source.runs.values()) {
      if (run.state === "open" && !openThere.has(run.id)) effects.push(this.#end(run, "abandoned", "gone"));
    }
    return effects;
  }

  /** Lets time pass: `now` for waiting events, `attention` for silence, which counts only while we listened. */
  tick(now: number, attention: number): Effect<T>[] {
    const effects: Effect<T>[] = [];
    for (const [run, waiting] of this.#waiting)
      if (waiting.deadline <= now) effects.push(...this.#expire(run, waiting));
    for (const run of [...this.#open.values()]) {
      const source = this.#sourceOf.get(run);
      if (source?.timed && attention - source.seenAt > this.#options.abandonAfterMs) {
        effects.push(this.#end(run, "abandoned", "gone"));
      }
    }
    return effects;
  }

  /** Ends all runs: the source ended, or we leave. */
  endAll(reason: StopReason): Effect<T>[] {
    const effects: Effect<T>[] = [];
    for (const [run, waiting] of this.#waiting) effects.push(...this.#expire(run, waiting));
    for (const run of [...this.#open.values()]) {
      effects.push(this.#end(run, reason, reason === "abandoned" ? "gone" : "left"));
    }
    return effects;
  }

  /** Takes out what waits for a Start, without deciding on it. */
  abandonWaiting(): T[] {
    const items = [...this.#waiting.values()].flatMap((waiting) => waiting.items.map(({ item }) => item));
    this.#waiting.clear();
    this.#waitingItems = 0;
    this.#waitingBytes = 0;
    return items;
  }

  #openNew(source: Source, start: Start, item: T | undefined, resumed: boolean, waited?: Run): Effect<T>[] {
    const effects: Effect<T>[] = [];
    const name = runName(source.stream, start.run);
    const other = this.#open.get(name);
    if (other !== undefined) effects.push(this.#end(other, "interrupted", "superseded"));
    else if (this.#open.size >= this.#options.maxOpenRuns) {
      effects.push(this.#end(this.#open.values().next().value as Run, "abandoned", "gone"));
    }
    this.#supersede(source, name);
    const run = waited ?? new Run(start.run, source.stream);
    this.#past.delete(run);
    run.state = "open";
    run.start = resumed && !start.resumed ? again(start) : start;
    run.startSequence = source.runs.get(run.id)?.startSequence;
    source.runs.set(run.id, run);
    this.#open.set(name, run);
    this.#sourceOf.set(run, source);
    effects.push({ do: "open", run, start: run.start, item });
    const waiting = this.#waiting.get(run);
    if (waiting !== undefined) effects.push(...this.#release(run, waiting));
    return effects;
  }

  /** Tells whether another life of the same publisher has the run open; an older one must not take it back. */
  #isElsewhere(source: Source, id: string): boolean {
    const other = this.#open.get(runName(source.stream, id));
    return other !== undefined && this.#sourceOf.get(other) !== source;
  }

  /** What an older life of the publisher left of a run does not go on when a newer one has begun it. */
  #supersede(source: Source, name: string): void {
    for (const run of this.#past) {
      if (run.ending !== "gone" && run.ending !== "left") continue;
      if (runName(run.stream, run.id) === name && this.#sourceOf.get(run) !== source) run.ending = "superseded";
    }
  }

  /** What waited goes after its Start; a Stop among it ends the run. */
  #release(run: Run, waiting: Waiting<T>): Effect<T>[] {
    this.#forgetWaiting(run, waiting);
    return waiting.items.map(({ item, stop }) => {
      if (run.state === "ended") return { do: "drop", run, item, reason: "after-stop" };
      if (stop !== undefined) this.#close(run, stop, "stop");
      return { do: "pass", run, item };
    });
  }

  #later(source: Source, id: string, item: T, now: number, stop: StopReason | undefined): Effect<T>[] {
    let run = source.runs.get(id);
    if (run?.state === "open") return [{ do: "pass", run, item }];
    if (run?.state === "ended") {
      if (run.ending === "stop") return [{ do: "drop", run, item, reason: "after-stop" }];
      if (run.ending === "superseded") return [{ do: "drop", run, item, reason: "superseded" }];
      if (this.#isElsewhere(source, id)) return [{ do: "drop", run, item, reason: "superseded" }];
      const effects = this.#openNew(source, run.start as Start, undefined, true);
      return [...effects, { do: "pass", run: source.runs.get(id) as Run, item }];
    }
    if (run?.state === "startless") return [{ do: "drop", run, item, reason: "no-start" }];
    let waiting = run === undefined ? undefined : this.#waiting.get(run);
    const { maxWaiting, maxWaitingBytes } = this.#options;
    const full = this.#waitingItems >= maxWaiting || this.#waitingBytes + item.bytes > maxWaitingBytes;
    if (waiting === undefined) {
      if (full || this.#waiting.size >= this.#options.maxOpenRuns) {
        return [{ do: "drop", run: undefined, item, reason: "no-start" }];
      }
      run = new Run(id, source.stream);
      source.runs.set(id, run);
      waiting = { source, deadline: now + this.#options.startWaitMs, items: [] };
      this.#waiting.set(run, waiting);
    } else if (full) return [{ do: "drop", run, item, reason: "no-start" }];
    waiting.items.push({ item, stop });
    this.#waitingItems += 1;
    this.#waitingBytes += item.bytes;
    return [];
  }

  #expire(run: Run, waiting: Waiting<T>): Effect<T>[] {
    if (this.#options.withoutStart === "make" && !this.#isElsewhere(waiting.source, run.id)) {
      return this.#openNew(waiting.source, new Start({}, { run: run.id, resumed: true }), undefined, true, run);
    }
    this.#forgetWaiting(run, waiting);
    run.state = "startless";
    this.#remember(run, waiting.source);
    return waiting.items.map(({ item }) => ({ do: "drop", run, item, reason: "no-start" }));
  }

  #forgetWaiting(run: Run, waiting: Waiting<T>): void {
    this.#waiting.delete(run);
    this.#waitingItems -= waiting.items.length;
    for (const { item } of waiting.items) this.#waitingBytes -= item.bytes;
  }

  #end(run: Run, reason: StopReason, ending: Ending): Effect<T> {
    this.#close(run, reason, ending);
    return { do: "end", run, reason };
  }

  #close(run: Run, reason: StopReason, ending: Ending): void {
    run.state = "ended";
    run.endedAs = reason;
    run.ending = ending;
    const name = runName(run.stream, run.id);
    if (this.#open.get(name) === run) this.#open.delete(name);
    this.#remember(run, this.#sourceOf.get(run) as Source);
  }

  #remember(run: Run, source: Source): void {
    this.#sourceOf.set(run, source);
    this.#past.add(run);
    if (this.#past.size <= MAX_ENDED) return;
    const oldest = this.#past.values().next().value as Run;
    this.#past.delete(oldest);
    // The books still list it; what its Start brought along, and the read that it came in, goes.
    oldest.start = undefined;
    const itsSource = this.#sourceOf.get(oldest);
    this.#sourceOf.delete(oldest);
    if (itsSource?.runs.get(oldest.id) === oldest) itsSource.runs.delete(oldest.id);
  }

  #forgetSource(): void {
    for (const [key, source] of this.#sources) {
      const busy = [...source.runs.values()].some((run) => run.state === "open" || run.state === "waiting");
      if (!busy) {
        this.#sources.delete(key);
        return;
      }
    }
    const [oldest] = this.#sources.keys();
    this.#sources.delete(oldest as string);
  }
}

function runName(stream: string, run: string): string {
  return `${stream}\u0000${run}`;
}

function again(start: Start): Start {
  return new Start(start.data, { ...start.envelope, resumed: true });
}

/**
 * Tells whether a Start takes up a run of which somebody before the publisher said that it stopped or moved. It is newer
 * than the one that opened the run; where there are no numbers, it says itself that it was given again.
 */
function goesOn({ endedAs, startSequence }: Run, start: Start, sequence: number | undefined): boolean {
  if (endedAs === "completed") return false;
  return sequence === undefined || startSequence === undefined ? start.resumed : sequence > startSequence;
}

/** Tells whether a Start is the one that opened a run. Without an origin, a Start of an open run counts as its own. */
function sameStart(run: Run, start: Start, open: boolean): boolean {
  const first = run.start;
  if (first === undefined) return false;
  if (first === start) return true;
  const known = first.envelope.origin;
  const origin = start.envelope.origin;
  if (known === undefined || origin === undefined) return open || start.resumed;
  return known.sequence === origin.sequence && known.stream === origin.stream && known.partition === origin.partition;
}
