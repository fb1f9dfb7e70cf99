import { setTimeout as pause } from "node:timers/promises";
import { AbortedError } from "../../errors.ts";
import { LagWatch } from "../../listener/lag-watch.ts";
import type { Inlet, PlatformInlet } from "../../listener/listener.ts";
import { partitionedInlet, platformInlet } from "../../listener/listener.ts";
import type { Codec } from "../../message/codec.ts";
import { DEFAULT_LIMITS } from "../../message/limits.ts";
import type { AnyMessage } from "../../message/message.ts";
import { AwaitedStops } from "./awaited-stops.ts";
import type { Client, Member, MemberEvents, MemberOptions, ReceivedRecord } from "./client.ts";
import { Commits } from "./commits.ts";
import { firstPosition, type OutOfRange } from "./first-position.ts";
import { behind, PartitionReading, untilIdle } from "./partition-reading.ts";
import { Pump } from "./pump.ts";
import { inTime, rejectionOf } from "./waiting.ts";

/** Configures one attempt to read. */
export interface GroupReadingOptions<M extends AnyMessage> extends MemberOptions {
  readonly subject: string;
  readonly client: Client;
  readonly inlet: Inlet<M>;
  readonly codec: Codec;
  /** Where the group begins anew; undefined where it goes on. */
  readonly begin: "earliest" | "latest" | { readonly timeMs: number } | undefined;
  readonly withoutCommit: OutOfRange;
  readonly outOfRange: OutOfRange;
  readonly commitMs: number;
  readonly handoverMs: number;
  readonly stopWaitMs: number;
  readonly lingerMs: number;
}

const DELETED = "deleted from the topic before it was read";
const POLL_MS = 10;
/** How long the last commit before `start` returns may take. */
const LAST_COMMIT_MS = 2_000;

/** Reads as a member of a group: from joining it to the last commit. */
export class GroupReading<M extends AnyMessage> implements MemberEvents {
  readonly #options: GroupReadingOptions<M>;
  readonly #platform: PlatformInlet<M> | undefined;
  readonly #commits: Commits;
  readonly #stops: AwaitedStops;
  readonly #pump: Pump<M>;
  readonly #lag: LagWatch;
  readonly #member: Promise<Member>;
  readonly #failed: Promise<never>;
  #isMember: (member: Member) => void = () => undefined;
  #fails: (error: unknown) => void = () => undefined;
  #joined: Member | undefined;
  #partitions: ReadonlyMap<number, PartitionReading> = new Map();
  /** Is there while the positions of partitions are being found. */
  #settingUp: Promise<void> | undefined;
  #generation = 0;
  #isReady = false;
  /** True from the abort on: nothing more is put, and what is finished is committed at once. */
  #isDraining = false;
  #isHurried = false;
  #isClosed = false;

  constructor(options: GroupReadingOptions<M>) {
    this.#options = options;
    this.#platform = platformInlet(options.inlet);
    this.#member = new Promise((resolve) => {
      this.#isMember = resolve;
    });
    this.#failed = new Promise((_resolve, reject) => {
      this.#fails = reject;
    });
    this.#failed.catch(() => undefined);
    const warn = (message: string): void => this.#warn(message);
    this.#lag = new LagWatch(options.inlet as Inlet<AnyMessage>, async () =>
      behind(await options.client.extents(options.topic), this.#partitions.values()),
    );
    this.#commits = new Commits({
      everyMs: options.commitMs,
      commit: async (commits) => (await this.#member).commit(commits),
      warn,
    });
    this.#stops = new AwaitedStops({
      partitions: () => this.#partitions.values(),
      extents: () => options.client.extents(options.topic),
      pass: (stop) => this.#pump.pass(stop),
      unpark: (partition) => this.#unpark(partition),
      warn,
      waitMs: options.stopWaitMs,
    });
    this.#pump = new Pump({
      inlet: options.inlet,
      partitions: () => this.#partitions.values(),
      stops: this.#stops,
      codec: options.codec.name,
      seek: (partition, offset) => this.#joined?.seek(partition.partition, offset),
      park: (partition) => {
        partition.isPaused = true;
        this.#joined?.pause([partition.partition]);
      },
      drained: (partition) => this.#drained(partition),
      warn,
      fail: (error) => this.failed(error),
    });
  }

  /** What is read, as it stands. */
  get partitions(): Iterable<PartitionReading> {
    return this.#partitions.values();
  }

  /** True when it has read where the group begins. */
  get hasBegun(): boolean {
    return this.#isReady;
  }

  /** True when everything that was put is finished, or was given back. */
  get isSettled(): boolean {
    for (const { prefix } of this.#partitions.values()) if (!prefix.settled) return false;
    return true;
  }

  /** Joins the group and reads until the signal aborts; throws when the group is lost. */
  async run(signal: AbortSignal): Promise<void> {
    let stop: () => void = () => undefined;
    const aborted = new Promise<void>((resolve) => {
      stop = resolve;
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
    });
    const joining = this.#options.client.join(this.#options, this).then(async (member) => {
      if (this.#isClosed) return member.leave();
      this.#joined = member;
      this.#isMember(member);
    });
    try {
      await Promise.race([Promise.race([joining, aborted]).then(() => aborted), this.#failed, rejectionOf(joining)]);
    } finally {
      signal.removeEventListener("abort", stop);
      this.#drain();
    }
  }

  /** Commits and leaves if nothing is in work any more; else stays a member until it is, and tells false. */
  async finish(): Promise<boolean> {
    await this.#lastCommit();
    if (!this.isSettled) return false;
    // What was finished while the commit was under way.
    await this.#lastCommit();
    await this.close();
    return true;
  }

  /** Stays a member until what was put is finished and committed, so that nobody else takes it up. */
  async linger(): Promise<void> {
    const { lingerMs } = this.#options;
    const deadline = performance.now() + lingerMs;
    while (!this.isSettled && !this.#isHurried && !this.#isClosed && performance.now() < deadline) await pause(POLL_MS);
    await this.#lastCommit();
    await this.close();
  }

  /** Ends lingering. */
  hurry(): void {
    this.#isHurried = true;
  }

  /** Leaves the group, whatever is in work. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#drain();
    this.#commits.close();
    for (const partition of this.#partitions.values()) partition.isGone = true;
    await this.#joined?.leave();
  }

  async rejoining(): Promise<void> {
    if (this.#isClosed) throw new AbortedError(this.#options.subject);
    this.#halt();
    if (this.#partitions.size > 0 && !this.#isDraining) partitionedInlet(this.#options.inlet)?.interrupted();
    const deadline = performance.now() + this.#options.handoverMs;
    while (!this.isSettled && !this.#isClosed && performance.now() < deadline) await pause(POLL_MS);
    await this.#commits.flush().catch(() => undefined);
    if (this.#isDraining) {
      // Who is about to leave does not join once more.
      this.#isHurried = true;
      throw new AbortedError(this.#options.subject);
    }
  }

  joined(assigned: readonly number[], isNew: boolean): void {
    if (this.#isClosed || this.#isDraining) return;
    this.#halt();
    const kept = new Map<number, PartitionReading>();
    for (const partition of this.#partitions.values()) {
      const isKept = !isNew && !partition.prefix.ended && assigned.includes(partition.partition);
      if (isKept) kept.set(partition.partition, partition);
      else partition.isGone = true;
    }
    this.#partitions = kept;
    const inlet = partitionedInlet(this.#options.inlet);
    // What goes and comes back at once may have been read by others in between.
    inlet?.partitions([...kept.keys()].map(String));
    inlet?.partitions(assigned.map(String));
    this.#generation += 1;
    const generation = this.#generation;
    this.#settingUp = this.#setUp(assigned, generation).then(
      () => {
        if (generation === this.#generation) this.#settingUp = undefined;
      },
      (error: unknown) => {
        if (generation === this.#generation) this.failed(error);
        throw error;
      },
    );
    // While it stands nothing is fetched, so that the client does not begin where it thinks best.
    this.#settingUp.catch(() => undefined);
  }

  beforeFetch(): Promise<void> | undefined {
    return this.#settingUp;
  }

  async records(
    number: number,
    records: readonly ReceivedRecord[],
    high: number,
    heartbeat: () => Promise<void>,
  ): Promise<void> {
    const partition = this.#partitions.get(number);
    if (partition === undefined || this.#pump.isHalted) return;
    // After a fault the client may fetch again what is still being put.
    await this.#untilIdle(partition, heartbeat);
    if (this.#pump.isHalted || partition.isGone) return;
    if (partition.isBusy) {
      partition.isBeside = true;
      return;
    }
    const isKnown = partition.wanted.length === 0 && Number(records[0]?.offset) < partition.position;
    partition.take(isKnown ? records.filter(({ offset }) => Number(offset) >= partition.position) : records, high);
    this.#pump.run();
    await this.#untilIdle(partition, heartbeat);
  }

  outOfRange(number: number): void {
    const partition = this.#partitions.get(number);
    if (partition === undefined || partition.isOutOfRange) return;
    partition.isOutOfRange = true;
    this.#goOnElsewhere(partition).catch((error: unknown) => this.failed(error));
  }

  connected(up: boolean): void {
    if (!this.#isDraining && this.#isReady) this.#platform?.connected(up);
  }

  failed(error: unknown): void {
    this.#fails(error);
  }

  /** Finds where the partitions that came begin, and lets all go on from there. */
  async #setUp(assigned: readonly number[], generation: number): Promise<void> {
    const { client, topic, groupId, codec, begin, subject, withoutCommit, outOfRange } = this.#options;
    const came = assigned.filter((number) => !this.#partitions.has(number));
    const starting = begin !== undefined && !this.#isReady ? begin : undefined;
    const [extents, committed, times] =
      came.length === 0
        ? []
        : await Promise.all([
            client.extents(topic),
            client.committed(groupId, topic),
            typeof starting === "object" ? client.offsetsAt(topic, starting.timeMs) : undefined,
          ]);
    const member = await this.#member;
    if (generation !== this.#generation || this.#isClosed || this.#isDraining) return;
    const partitions = new Map(this.#partitions);
    let lost = 0;
    for (const number of came) {
      const extent = extents?.get(number) ?? { low: 0, high: 0 };
      const first = firstPosition({
        subject,
        topic,
        partition: number,
        extent,
        committed: committed?.get(number),
        begin: typeof starting === "object" ? times?.get(number) : starting,
        withoutCommit,
        outOfRange,
      });
      lost += first.lost;
      const read = codec.reader(this.#platform?.limits ?? DEFAULT_LIMITS);
      const partition = new PartitionReading(number, { ...first, high: extent.high }, read, (one, sequence) =>
        this.#finished(one, sequence),
      );
      partitions.set(number, partition);
      if (starting !== undefined) {
        // The group begins here also when the partition goes to another member before anything of it is finished.
        partition.committed = -1;
        this.#commits.note(partition);
      }
    }
    if (lost > 0) this.#platform?.lost(lost, DELETED);
    this.#partitions = partitions;
    for (const one of partitions.values()) {
      one.isParked = false;
      one.isPaused = false;
      one.isBeside = false;
      member.seek(one.partition, one.wanted[0] ?? one.position);
    }
    member.resume(assigned);
    this.#pump.isHalted = false;
    if (!this.#isReady) {
      this.#isReady = true;
      this.#options.inlet.ready();
      this.#lag.begin();
    }
    this.#platform?.connected(true);
  }

  #finished(partition: PartitionReading, sequence: number): void | Promise<void> {
    if (partition.isGone) return;
    partition.finishedTo = sequence + 1;
    this.#commits.note(partition);
    if (this.#isDraining) return this.#commits.flush();
  }

  /** Resolves when a batch is over, or its partition waits behind a Stop; says meanwhile that we are alive. */
  #untilIdle(partition: PartitionReading, heartbeat: () => Promise<void>): Promise<void> {
    return untilIdle(partition, heartbeat, this.#options.heartbeatMs, () => this.#pump.isHalted);
  }

  /** Finds where a partition goes on whose next message was deleted. */
  async #goOnElsewhere(partition: PartitionReading): Promise<void> {
    const { client, subject, topic, withoutCommit, outOfRange } = this.#options;
    const number = partition.partition;
    const extent = (await client.extents(topic)).get(number) ?? { low: 0, high: 0 };
    if (partition.isGone || this.#isDraining) return;
    if (partition.wanted.length > 0) {
      partition.wanted = partition.wanted.filter((wanted) => wanted >= extent.low);
      this.#warn(`the Start of a run that is open in partition ${number} is not in the topic any more`);
    } else {
      const committed = { offset: partition.position, metadata: "" };
      const rules = { begin: undefined, withoutCommit, outOfRange };
      const first = firstPosition({ subject, topic, partition: number, extent, committed, ...rules });
      if (first.lost > 0) this.#platform?.lost(first.lost, DELETED);
      partition.position = first.position;
    }
    this.#joined?.seek(number, partition.wanted[0] ?? partition.position);
    partition.isOutOfRange = false;
  }

  #unpark(partition: PartitionReading): void {
    partition.isParked = false;
    if (partition.isBusy) queueMicrotask(() => this.#pump.run());
    else this.#drained(partition);
  }

  /** A partition that was parked is not fetched until all of its last batch was put. */
  #drained(partition: PartitionReading): void {
    if (partition.isBeside) {
      partition.isBeside = false;
      this.#joined?.seek(partition.partition, partition.position);
    }
    if (partition.isPaused && !partition.isParked) {
      partition.isPaused = false;
      this.#joined?.resume([partition.partition]);
    }
    this.#stops.look();
  }

  /** Puts nothing more, and forgets what was fetched and not put. */
  #halt(): void {
    this.#pump.isHalted = true;
    this.#pump.forget();
    this.#stops.drop();
    for (const partition of this.#partitions.values()) partition.discard();
  }

  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#lag.end();
    this.#halt();
    this.#joined?.pause([...this.#partitions.keys()]);
  }

  async #lastCommit(): Promise<void> {
    if (this.#joined !== undefined) await inTime(this.#commits.flush(), LAST_COMMIT_MS);
  }

  #warn(message: string): void {
    const line = `${this.#options.subject}: ${message}`;
    if (this.#platform === undefined) process.emitWarning(line, "ArroyoWarning");
    else this.#platform.warn(line);
  }
}
