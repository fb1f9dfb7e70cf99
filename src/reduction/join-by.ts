import type { Event } from "../message/event.ts";
import type { AnyMessage, Data, Message, Payload } from "../message/message.ts";
import type { Start } from "../message/start.ts";
import { Stop } from "../message/stop.ts";
import type { Context, FlushReason } from "../operator/context.ts";
import { Operator } from "../operator/operator.ts";
import { type Holder, Part } from "../operator/part.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { JoinLedger } from "./join-counts.ts";
import { JoinGroup } from "./join-group.ts";
import { type JoinedStreams, type JoinKey, JoinStreams } from "./join-streams.ts";
import { checkOptions, numberAbove, oneOf } from "./option-check.ts";

const SUBJECT = "joinBy";

/** Says what belongs together. */
export interface JoinOptions {
  /** What is equal of events that belong together: a field of their metadata, one for each stream, or a function. */
  readonly key: JoinKey;
  /** Names of streams, or tests by name. The first one leads: results belong to its runs. */
  readonly streams: JoinedStreams;
  /** So long what came first waits for the others, in milliseconds. Default 1000. */
  readonly waitMs?: number;
  /** What becomes of an event of the first stream that waited in vain: `drop` (default), or it goes on (`pass`). */
  readonly unmatched?: "drop" | "pass";
}

/** Is what another stream brought to an event. */
export interface JoinedPart {
  readonly metadata: Data;
  readonly payload: Payload;
}

/** Is an event of the first stream with what came of the others, by name of the stream. */
export type JoinedEvent = Event<Data & { readonly joined: Readonly<Record<string, JoinedPart>> }, Payload>;

/**
 * Brings together what belongs to one pulse, train or frame from several streams: events with one key. A result is the
 * event of the first stream, with those of the others in its metadata under `joined`; it goes out when the last of them
 * has come, and none of them is finished before. Starts and Stops are those of the first stream; a Stop waits for what is
 * still to come of its run, and says under `joined` how many events were matched and how many were not.
 */
export function joinBy(
  options: JoinOptions,
  clock: Clock = systemClock,
): Operator<Message, Start | JoinedEvent | Stop> {
  return new JoinBy(options, clock);
}

class JoinBy extends Operator<Message, Start | JoinedEvent | Stop> {
  readonly #streams: JoinStreams;
  readonly #waitMs: number;
  readonly #passesAlone: boolean;
  readonly #clock: Clock;
  readonly #ledger = new JoinLedger();
  /** What waits, the oldest first. */
  readonly #waiting = new Map<string, JoinGroup>();
  #complete: JoinGroup[] = [];
  /** Stops whose run still has events that wait. */
  readonly #stops = new Map<string, { readonly stop: Stop; readonly holder: Holder }>();
  readonly #patience: Holder = { mergesRuns: true };

  constructor(options: JoinOptions, clock: Clock) {
    super();
    checkOptions(SUBJECT, options, ["key", "streams", "waitMs", "unmatched"]);
    const { key, streams, waitMs = 1000, unmatched = "drop" } = options;
    this.#streams = new JoinStreams(streams, key);
    this.#waitMs = numberAbove(SUBJECT, "waitMs", waitMs, 0);
    this.#passesAlone = oneOf(SUBJECT, "unmatched", unmatched, ["drop", "pass"]) === "pass";
    this.#clock = clock;
  }

  override process(message: Message, context: Context): Start | Stop | undefined {
    const place = this.#streams.placeOf(message, Part.of(context, this.#patience, true, false)?.stream ?? "");
    if (message.type === "event") this.#take(message, place, context);
    if (message.type === "event" || place !== 0) return undefined;
    if (message.type === "start") {
      this.#ledger.begin(message.run);
      return message;
    }
    if (!this.#isAwaited(message.run)) return this.#ended(message);
    const holder = { mergesRuns: true };
    partOf(context, holder).hold();
    this.#stops.set(message.run, { stop: message, holder });
    return undefined;
  }

  override flush(reason: FlushReason, context: Context): (JoinedEvent | Stop)[] {
    const complete = this.#complete;
    this.#complete = [];
    const events = complete.map((group) => {
      partOf(context, group).release();
      this.#ledger.matched(group.events[0] as Event);
      return this.#joined(group) as JoinedEvent;
    });
    for (const group of this.#givenUp(reason, complete.length > 0)) {
      this.#waiting.delete(group.name);
      partOf(context, group).release();
      for (const [place, event] of group.events.entries()) if (event !== undefined) this.#countUnmatched(event, place);
      const alone = this.#passesAlone ? this.#joined(group) : undefined;
      if (alone !== undefined) events.push(alone);
    }
    const stops = this.#dueStops(reason, context);
    this.#waitOn(context);
    return [...events, ...stops];
  }

  #take(event: Event, place: number, context: Context): void {
    const name = this.#streams.keyOf(event, place);
    if (name === undefined) {
      this.#countUnmatched(event, place);
      return;
    }
    let group = this.#waiting.get(name);
    if (group === undefined) {
      group = new JoinGroup(name, this.#streams.names.length, this.#clock.now());
      this.#waiting.set(name, group);
      if (this.#waiting.size === 1) partOf(context, this.#patience).flushIn(this.#waitMs);
    }
    const before = group.add(place, event);
    // It stays held with the others, for what came twice may be one that was given again.
    if (before !== undefined) this.#countUnmatched(before, place);
    partOf(context, group).hold();
    if (!group.isComplete) return;
    this.#waiting.delete(name);
    this.#complete.push(group);
    // Its messages may be of several runs: only a flush can release them together.
    context.flushIn(0);
  }

  /** Gives what is waited for no longer. */
  #givenUp(reason: FlushReason, isRelieved: boolean): JoinGroup[] {
    const waiting = [...this.#waiting.values()];
    if (reason === "drain") return waiting;
    // What is held fills the queue: without room nothing could ever come for the oldest.
    if (reason === "pressure" && !isRelieved) return waiting.slice(0, Math.ceil(waiting.length / 2));
    const over = this.#clock.now() - this.#waitMs;
    return waiting.filter(({ bornMs }) => bornMs <= over);
  }

  /** Gives the Stops whose runs are complete: one at a time, for the account that it gets is that of the last released. */
  #dueStops(reason: FlushReason, context: Context): Stop[] {
    const due = [...this.#stops.values()].filter(({ stop }) => !this.#isAwaited(stop.run));
    const now = reason === "drain" ? due : due.slice(0, 1);
    if (now.length < due.length) context.flushIn(0);
    return now.map(({ stop, holder }) => {
      this.#stops.delete(stop.run);
      partOf(context, holder).release();
      return this.#ended(stop);
    });
  }

  #waitOn(context: Context): void {
    const [oldest] = this.#waiting.values();
    if (oldest === undefined) return;
    // At least 1 ms: with a clock that stands still this must not go round and round.
    const ms = Math.max(1, oldest.bornMs + this.#waitMs - this.#clock.now());
    partOf(context, this.#patience).flushIn(ms);
  }

  #joined({ events: [leading, ...others] }: JoinGroup): JoinedEvent | undefined {
    const names = this.#streams.names;
    const parts = others.map((other, index): [string, JoinedPart] | undefined =>
      other === undefined
        ? undefined
        : [names[index + 1] as string, { metadata: other.metadata, payload: other.payload }],
    );
    const joined = Object.fromEntries(parts.filter((part) => part !== undefined));
    return leading?.with({ metadata: { ...leading.metadata, joined } });
  }

  #countUnmatched(event: Event, place: number): void {
    this.#ledger.unmatched(event, this.#streams.names[place] as string, place === 0);
  }

  #isAwaited(run: string): boolean {
    for (const { events } of this.#waiting.values()) if (events[0]?.run === run) return true;
    return this.#complete.some(({ events }) => events[0]?.run === run);
  }

  #ended(stop: Stop): Stop {
    const joined = this.#ledger.end(stop.run);
    const unmatched = Object.entries(joined.unmatched).map(([name, events]) => `${events} of ${name}`);
    if (unmatched.length > 0) {
      const self = this as unknown as Operator<AnyMessage, AnyMessage>;
      Operator.warn(self, `${SUBJECT}: in the run ${stop.run} events had no match: ${unmatched.join(", ")}`);
    }
    return new Stop({ ...stop.data, joined }, { ...stop.envelope, reason: stop.reason });
  }
}

/** Lets each group hold for itself. */
function partOf(context: Context, holder: Holder): Context {
  return Part.of(context, holder, true, false) ?? context;
}
