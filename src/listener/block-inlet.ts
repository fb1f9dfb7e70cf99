import { RejectedError } from "../errors.ts";
import type { Account } from "../message/account.ts";
import type { Decoded, Frames, Hop } from "../message/codec.ts";
import type { Event } from "../message/event.ts";
import type { Limits } from "../message/limits.ts";
import type { AnyMessage, Message } from "../message/message.ts";
import { Stop, type StopReason } from "../message/stop.ts";
import { Delivery, type Keeper } from "../queue/delivery.ts";
import type { Settlement } from "../queue/settlement.ts";
import type { Run } from "../runs/run.ts";
import { type Effect, RunTracker } from "../runs/run-tracker.ts";
import type { Source } from "../runs/source.ts";
import { Admission } from "./admission.ts";
import { Attention } from "./attention.ts";
import { Charges } from "./charge.ts";
import { checkedReader } from "./checked-reader.ts";
import { Coverages, JOINED_SOMEWHERE } from "./coverages.ts";
import { Gaps } from "./gaps.ts";
import type { InletOptions } from "./inlet-options.ts";
import { lagNews } from "./lag-watch.ts";
import type { Listener, PartitionedInlet } from "./listener.ts";
import { countOutcome } from "./outcome.ts";
import { Settler } from "./settler.ts";
import { sharedSettlement } from "./shared-settlement.ts";
import { Sources } from "./sources.ts";

/** Does behind each listener what all transports need: decodes, rejects, finds gaps, follows runs, settles. */
export class BlockInlet implements PartitionedInlet, Keeper {
  readonly limits: Limits;
  readonly staysInside: boolean;
  readonly listener: Listener<AnyMessage>;
  readonly #options: InletOptions;
  readonly #admission: Admission;
  readonly #read: (frames: readonly Uint8Array[]) => readonly Decoded[] | RejectedError;
  readonly #tracker: RunTracker<Delivery>;
  readonly #gaps: Gaps;
  readonly #charges = new Charges();
  readonly #settler: Settler;
  readonly #coverages = new Coverages();
  readonly #stream: string;
  readonly #sources: Sources;
  #lastRun: Run | undefined;
  #lastRunSource: Source | undefined;
  readonly #attention: Attention;
  #over = false;
  #closed = false;

  constructor(options: InletOptions) {
    this.#options = options;
    this.listener = options.listener;
    this.limits = options.limits;
    this.staysInside = options.staysInside === true;
    this.#stream = options.listener.constructor.name;
    this.#read = checkedReader(options.listener.codec, options.limits);
    this.#tracker = new RunTracker(options.tracker);
    this.#sources = new Sources(this.#tracker, this.#stream);
    this.#settler = new Settler(options, (message) => this.warn(`${this.#stream}: ${message}`));
    this.#attention = new Attention(options.clock, options.tracker, (attentionMs) => {
      void this.#apply(this.#tracker.tick(options.clock.now(), attentionMs), "plain");
    });
    this.#admission = new Admission(options, this.#attention);
    this.#gaps = new Gaps(options.ledger.base, (source, run, messages) =>
      options.tell("lost", { stream: source.stream, ...(run === undefined ? {} : { run: run.id }), messages }),
    );
  }

  get openRuns(): IterableIterator<Run> {
    return this.#tracker.openRuns;
  }

  ready(): void {
    this.#options.ready();
  }

  connected(up: boolean): void {
    if (!this.#attention.connected(up)) return;
    this.#options.tell("state", { part: this.#stream, state: up ? "connected" : "disconnected" });
  }

  follow(topics: readonly string[]): void {
    this.#gaps.follow(topics);
  }

  lost(messages: number, reason: string): void {
    this.#options.ledger.base.lost += messages;
    this.#options.ledger.base.because(reason, messages);
    this.#options.tell("lost", { stream: this.#stream, messages });
  }

  warn(message: string): void {
    this.#options.tell("warning", { message });
  }

  lag(waiting: ReadonlyMap<string, number>): void {
    this.#options.tell("lag", lagNews(this.#stream, waiting));
  }

  put(message: Message, settlement?: Settlement): void | Promise<void> {
    const { bytes, chunk } = this.#charges.ofMessage(message);
    const delivery = new Delivery(this, message, undefined, this.#settler.taken(settlement), bytes, chunk);
    return this.#take(delivery, undefined, undefined, undefined);
  }

  putDecoded(decoded: Decoded, settlement?: Settlement, frames?: readonly Uint8Array[]): void | Promise<void> {
    const { bytes, chunk } =
      frames === undefined ? this.#charges.ofMessage(decoded.message) : this.#charges.ofFrames(frames);
    return this.#takeDecoded(decoded, this.#settler.taken(settlement), bytes, chunk, frames);
  }

  partitions(names: readonly string[]): void {
    this.#gaps.partitions(names);
  }

  takeOver(decoded: Decoded): void | Promise<void> {
    const { message, hop, stream } = decoded;
    const source = this.#sources.of(message, hop, stream);
    const run = message.run === undefined ? undefined : this.#tracker.reopen(source, message.run);
    if (run?.state === "open") run.joinedAt ??= JOINED_SOMEWHERE;
    return this.putDecoded(decoded);
  }

  interrupted(): void {
    this.end("interrupted", this.#options.recoverRuns ? "unseen" : "plain");
  }

  putFrames(frames: Frames, settlement?: Settlement): void | Promise<void> {
    const list = frames instanceof Uint8Array ? [frames] : frames;
    const own = this.#settler.taken(settlement);
    const decoded = this.#read(list);
    if (decoded instanceof RejectedError) {
      return this.#options.reject(list, decoded, this.#settler.guarded(own));
    }
    const { bytes, chunk } = this.#charges.ofFrames(list);
    if (decoded.length === 1) return this.#takeDecoded(decoded[0] as Decoded, own, bytes, chunk, list);
    if (decoded.length === 0) return this.#settler.guarded(own)?.ack();
    return this.#takeSeveral(decoded, own, bytes, chunk, list);
  }

  settled(delivery: Delivery): void {
    const { queue, timings } = this.#options;
    if (timings.on) timings.settled(delivery);
    if (delivery.charged) queue.settle(delivery);
    if (!delivery.made) countOutcome(delivery.run?.tally ?? this.#options.ledger.base, delivery);
    this.#settler.settle(delivery);
  }

  /** Ends all runs, since the source ended or we leave; their made Stops go through the queue. */
  end(reason: StopReason, ending: "flush" | "plain" | "unseen"): void {
    void this.#apply(this.#tracker.endAll(reason), ending);
  }

  /** Takes nothing more from the listener; what is made here still goes through the queue. */
  over(): void {
    this.#over = true;
  }

  /** Gives back what waits for Starts, and takes nothing more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#over = true;
    this.#attention.close();
    this.#admission.close();
    for (const delivery of this.#tracker.abandonWaiting()) delivery.conclude("stopped", "stopped");
  }

  /** Resolves when nothing of this listener waits for room. */
  async taken(): Promise<void> {
    await this.#admission.taken();
  }

  /** True while messages are finished whose source was not told. */
  get keepsSettlements(): boolean {
    return this.#settler.keeps;
  }

  /** Gives back what was kept for the Stops of runs that did not end. */
  giveBackRuns(): void {
    this.#settler.giveBackRuns();
  }

  #takeSeveral(
    decoded: readonly Decoded[],
    settlement: Settlement | undefined,
    bytes: number,
    chunk: Delivery["chunk"],
    frames: readonly Uint8Array[],
  ): void | Promise<void> {
    const each = settlement === undefined ? undefined : sharedSettlement(settlement, decoded.length);
    const waits: Promise<void>[] = [];
    for (const one of decoded) {
      // Whole numbers: sums of fractions would not come back to 0.
      const wait = this.#takeDecoded(one, each, Math.ceil(bytes / decoded.length), chunk, frames);
      if (wait !== undefined) waits.push(wait);
    }
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  }

  #takeDecoded(
    decoded: Decoded,
    settlement: Settlement | undefined,
    bytes: number,
    chunk: Delivery["chunk"],
    frames: readonly Uint8Array[] | undefined,
  ): void | Promise<void> {
    const delivery = new Delivery(this, decoded.message, undefined, settlement, bytes, chunk, frames);
    if (decoded.control === true) return this.#control(decoded, delivery);
    return this.#take(delivery, decoded.hop, decoded.stream, decoded.sequence);
  }

  #take(
    delivery: Delivery,
    hop: Hop | undefined,
    stream: string | undefined,
    sequence: number | undefined,
  ): void | Promise<void> {
    if (this.#over) {
      this.#options.ledger.base.received += 1;
      delivery.conclude("stopped", "came after the end");
      return;
    }
    const message = delivery.message;
    const source = this.#sources.of(message, hop, stream);
    source.seenAt = this.#attention.ms;
    if (delivery.kind === "event") return this.#event(delivery, message as Event, source, hop, sequence);
    return message.type === "start"
      ? this.#start(delivery, source, hop, sequence)
      : this.#stop(delivery, message as Stop, source, hop);
  }

  #event(
    delivery: Delivery,
    message: Event,
    source: Source,
    hop: Hop | undefined,
    sequence: number | undefined,
  ): void | Promise<void> {
    const id = message.run;
    let run = id === undefined ? undefined : this.#lastRun;
    const follows = run !== undefined && run.id === id && run.state === "open" && source === this.#lastRunSource;
    if (!follows && id !== undefined) run = source.runs.get(id);
    if (sequence !== undefined) {
      if (hop === undefined) this.#gaps.native(source, run, sequence);
      else if (!this.#gaps.event(source, run, hop, sequence) && this.listener.replay === "none") {
        this.#options.ledger.base.because("duplicate");
        this.#settler.settle(delivery);
        return;
      }
    }
    let effects: Effect<Delivery>[] | undefined;
    if (!follows && id !== undefined) {
      effects = this.#tracker.event(source, id, delivery, this.#options.clock.now());
      run = source.runs.get(id);
      if (run !== undefined) {
        this.#options.ledger.add(run);
        if (run.state === "open") {
          this.#lastRun = run;
          this.#lastRunSource = source;
        }
      }
    }
    const tally = run?.tally ?? this.#options.ledger.base;
    tally.received += 1;
    tally.events += 1;
    delivery.run = run;
    if (effects !== undefined) return this.#apply(effects, "plain");
    if (run !== undefined) this.#coverages.add(message, run);
    return this.#admission.put(delivery);
  }

  #start(delivery: Delivery, source: Source, hop: Hop | undefined, sequence: number | undefined): void | Promise<void> {
    const start = delivery.message as Message & { readonly type: "start" };
    source.timed ||= this.#options.silenceEnds;
    if (hop !== undefined) {
      source.timed ||= delivery.frames !== undefined && this.listener.replay === "none";
      this.#gaps.next(source, undefined, hop);
    }
    const late = hop?.copy === true || start.resumed;
    const effects = this.#tracker.start(source, start, delivery, hop?.copy === true, sequence);
    for (const effect of effects) {
      if (effect.do !== "open") continue;
      this.#options.ledger.add(effect.run);
      effect.run.tally.received += effect.item === undefined ? 0 : 1;
      effect.run.lossy = hop !== undefined && source.timed;
      if (late) effect.run.joinedAt ??= JOINED_SOMEWHERE;
    }
    return this.#apply(effects, "plain");
  }

  #stop(given: Delivery, message: Stop, source: Source, hop: Hop | undefined): void | Promise<void> {
    const stop = this.#gaps.asked(message);
    const delivery = stop === message ? given : this.#instead(given, stop, undefined);
    const run = source.runs.get(stop.run);
    if (hop !== undefined) {
      this.#gaps.next(source, run?.state === "open" ? run : undefined, hop);
      if (run?.state === "open") this.#gaps.ended(source, run, hop);
    }
    const effects = this.#tracker.stop(source, stop.run, delivery, this.#options.clock.now(), stop.reason);
    const tally = run?.tally ?? this.#options.ledger.base;
    tally.received += 1;
    delivery.run = run;
    if (run !== undefined && stop.account !== undefined) this.#compare(run, stop.account, hop);
    return this.#apply(effects, "plain");
  }

  #compare(run: Run, account: Account, hop: Hop | undefined): void {
    const { ledger } = this.#options;
    ledger.hops = [...account.hops, { ...account, hops: [] }];
    // Of the source's own topics `account` tells only those asked for; of a later hop's it cannot.
    const unasked = hop === undefined || account.hops.length === 0 ? 0 : this.#gaps.unasked(hop);
    this.#coverages.compare(run, account, { shared: hop?.shared === true, unasked, runs: ledger.runs });
  }

  /** A sign of life, which stays here, or a format's heartbeat, which the operator gets if the listener says so. */
  #control(decoded: Decoded, delivery: Delivery): void | Promise<void> {
    const { hop } = decoded;
    if (hop?.open === undefined) {
      this.#options.ledger.base.because("control");
      if (this.listener.control && delivery.kind === "event") {
        this.#options.ledger.base.received += 1;
        this.#options.ledger.base.events += 1;
        return this.#admission.put(delivery);
      }
    } else {
      const source = this.#sources.of(decoded.message, hop, decoded.stream);
      source.timed = true;
      source.seenAt = this.#attention.ms;
      const open = [...source.runs.values()].filter((run) => run.state === "open");
      this.#gaps.next(source, open.length === 1 ? open[0] : undefined, hop);
      void this.#apply(this.#tracker.alive(source, new Set(hop.open)), "plain");
    }
    this.#settler.settle(delivery);
  }

  #apply(effects: readonly Effect<Delivery>[], ending: "flush" | "plain" | "unseen"): void | Promise<void> {
    let wait: Promise<void> | undefined;
    for (const effect of effects) wait = this.#applyOne(effect, ending) ?? wait;
    if (!this.#closed && this.#tracker.timed) this.#attention.arm();
    return wait;
  }

  #applyOne(effect: Effect<Delivery>, ending: "flush" | "plain" | "unseen"): Promise<void> | undefined {
    const { run } = effect;
    if (effect.do === "pass") {
      effect.item.run = run;
      if (effect.item.message.type === "event") this.#coverages.add(effect.item.message, effect.run);
      if (effect.item.kind === "stop") {
        this.#settler.ended(effect.run);
        this.#tellRun(effect.run, "ended");
      }
      return this.#admission.put(effect.item);
    }
    if (effect.do === "open") {
      this.#options.ledger.add(effect.run);
      if (effect.start.resumed) effect.run.joinedAt ??= JOINED_SOMEWHERE;
      this.#coverages.begin(effect.run, this.#tracker.openRuns);
      this.#settler.began(effect.run);
      this.#tellRun(effect.run, "opened");
      if (effect.item === undefined) return this.#admission.put(this.#made(effect.start, effect.run, undefined));
      if (effect.item.message === effect.start) {
        effect.item.run = run;
        return this.#admission.put(effect.item);
      }
      return this.#admission.put(this.#instead(effect.item, effect.start, run));
    }
    if (effect.do === "end") {
      if (effect.run.lossy && effect.run.ending !== "left") effect.run.tally.lostUnknown = true;
      this.#settler.ended(effect.run);
      if (ending === "unseen") this.#settler.givenBack(effect.run);
      this.#tellRun(effect.run, "ended");
      const stop = new Stop({}, { run: effect.run.id, reason: effect.reason, timeMs: this.#options.clock.now() });
      return this.#admission.put(this.#made(stop, effect.run, ending));
    }
    const { item, reason } = effect;
    item.run = run;
    item.again = reason === "copy" || reason === "after-stop" || reason === "superseded";
    if (reason === "copy") {
      (run?.tally ?? this.#options.ledger.base).because("copy of a Start");
      this.#settler.settle(item);
      return undefined;
    }
    if (item.message.type === "start") (run?.tally ?? this.#options.ledger.base).received += 1;
    item.conclude("dropped", reason);
    return undefined;
  }

  /** Makes a delivery of another message that stands for the one that came. */
  #instead({ settlement, bytes, chunk, frames }: Delivery, message: AnyMessage, run: Run | undefined): Delivery {
    return new Delivery(this, message, run, settlement, bytes, chunk, frames);
  }

  #made(message: AnyMessage, run: Run, ending: "flush" | "plain" | "unseen" | undefined): Delivery {
    return new Delivery(this, message, run, undefined, 0, undefined, undefined, true, ending);
  }

  #tellRun(run: Run, what: "opened" | "ended"): void {
    const reason = what === "ended" ? run.endedAs : run.start?.resumed === true ? "resumed" : undefined;
    this.#options.tell("run", { stream: run.stream, run: run.id, what, ...(reason === undefined ? {} : { reason }) });
  }
}
