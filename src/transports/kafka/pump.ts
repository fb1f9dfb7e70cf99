import { RejectedError } from "../../errors.ts";
import { type Inlet, type PlatformInlet, partitionedInlet, platformInlet } from "../../listener/listener.ts";
import { sharedSettlement } from "../../listener/shared-settlement.ts";
import type { Decoded } from "../../message/codec.ts";
import type { AnyMessage } from "../../message/message.ts";
import { nativeCodec } from "../../message/native/native-codec.ts";
import type { Settlement } from "../../queue/settlement.ts";
import { type AwaitedStop, type AwaitedStops, settlementOf } from "./awaited-stops.ts";
import type { ReceivedRecord } from "./client.ts";
import type { PartitionReading } from "./partition-reading.ts";
import { copiesOf, withRecordFacts } from "./record-headers.ts";
import { countersOf, startAgain } from "./starts-again.ts";

/** What the pump is told by the reading. */
export interface PumpOptions<M extends AnyMessage> {
  readonly inlet: Inlet<M>;
  readonly partitions: () => Iterable<PartitionReading>;
  readonly stops: AwaitedStops;
  /** The codec's name. */
  readonly codec: string;
  readonly seek: (partition: PartitionReading, offset: number) => void;
  /** Has a partition not fetched that waits behind a Stop. */
  readonly park: (partition: PartitionReading) => void;
  /** Is told that all of a batch was put. */
  readonly drained: (partition: PartitionReading) => void;
  readonly warn: (message: string) => void;
  readonly fail: (error: unknown) => void;
}

/** Puts the records of all partitions into the inlet, one at a time. */
export class Pump<M extends AnyMessage> {
  /** True while nothing may be put. */
  isHalted = true;
  readonly #options: PumpOptions<M>;
  readonly #platform: PlatformInlet<M> | undefined;
  readonly #isNative: boolean;
  #isPumping = false;
  #stops: AwaitedStop[] = [];
  #hasWarned = false;

  constructor(options: PumpOptions<M>) {
    this.#options = options;
    this.#platform = platformInlet(options.inlet);
    this.#isNative = options.codec === nativeCodec.name;
  }

  /** Lets a Stop go next. */
  pass(stop: AwaitedStop): void {
    this.#stops.push(stop);
    queueMicrotask(() => this.run());
  }

  /** Gives back what was to go next. */
  forget(): void {
    for (const stop of this.#stops.splice(0)) void settlementOf(stop).nack("stopped");
  }

  /** Puts what there is, as far as there is room. */
  run(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      const wait = this.#putAll();
      if (wait === undefined) this.#isPumping = false;
      else wait.then(() => this.#again(), this.#options.fail);
    } catch (error) {
      this.#options.fail(error);
    }
  }

  #again(): void {
    this.#isPumping = false;
    this.run();
  }

  #putAll(): Promise<void> | undefined {
    while (!this.isHalted) {
      const stop = this.#stops.shift();
      const partition = stop === undefined ? this.#next() : undefined;
      if (stop === undefined && partition === undefined) return undefined;
      const wait = stop === undefined ? this.#putSome(partition as PartitionReading) : this.#putStop(stop);
      if (wait !== undefined) return wait;
    }
    return undefined;
  }

  #next(): PartitionReading | undefined {
    for (const one of this.#options.partitions()) {
      if (one.isBusy && (!one.isParked || one.at === one.records.length)) return one;
    }
    return undefined;
  }

  /** Puts records of one partition until there is no room, its batch is over, or a Stop goes first. */
  #putSome(partition: PartitionReading): Promise<void> | undefined {
    const { records } = partition;
    while (partition.at < records.length && !partition.isParked) {
      const record = records[partition.at] as ReceivedRecord;
      partition.at += 1;
      const wait = partition.wanted.length > 0 ? this.#giveStart(partition, record) : this.#put(partition, record);
      if (wait !== undefined) return wait;
      if (this.isHalted || this.#stops.length > 0) return undefined;
    }
    if (partition.at < records.length) return undefined;
    partition.discard();
    const [wanted] = partition.wanted;
    if (wanted !== undefined) this.#options.seek(partition, wanted);
    this.#options.drained(partition);
    return undefined;
  }

  #put(partition: PartitionReading, record: ReceivedRecord): void | Promise<void> {
    const offset = Number(record.offset);
    partition.position = offset + 1;
    const settlement = partition.prefix.track(offset);
    const { value } = record;
    // A tombstone of a compacted topic says that there is nothing.
    if (value === null) return settlement.ack();
    const frames = this.#isNative ? [partition.frame, value] : [value];
    const decoded = decodedOf(partition, frames);
    if (decoded === undefined) return this.#options.inlet.putFrames(frames, settlement);
    const [only] = decoded;
    if (only === undefined) return settlement.ack();
    if (decoded.length === 1) return this.#putOne(partition, record, only, settlement, frames);
    const share = sharedSettlement(settlement, decoded.length);
    const waits = decoded.map((one) => this.#putOne(partition, record, one, share, frames));
    const open = waits.filter((wait) => wait !== undefined);
    return open.length === 0 ? undefined : Promise.all(open).then(() => undefined);
  }

  #putOne(
    partition: PartitionReading,
    record: ReceivedRecord,
    decoded: Decoded,
    settlement: Settlement,
    frames: readonly Uint8Array[],
  ): void | Promise<void> {
    const { type } = decoded.message;
    if (type === "event") {
      if (decoded.control !== true && partition.isRepeated(decoded)) return this.#repeated(settlement);
      return this.#give(this.#isNative ? decoded : withRecordFacts(decoded, record), settlement, frames);
    }
    const offset = Number(record.offset);
    const run = runKey(decoded);
    partition.sawLifecycle(decoded);
    const { hop } = decoded;
    if (type === "start") {
      partition.open.began(run, offset);
      return this.#give(
        hop === undefined ? decoded : { ...decoded, hop: countersOf(hop, new Set([partition.name])) },
        settlement,
        frames,
      );
    }
    const copies = copiesOf(record);
    const wasOpen = partition.open.has(run);
    partition.open.ended(run, offset);
    const { stops } = this.#options;
    if (copies > 1 && wasOpen) {
      stops.arrive(partition, settlement, { run, decoded, frames, copies });
      if (partition.isParked) this.#options.park(partition);
      return undefined;
    }
    // A second copy, or the Stop of a run that was over here before: elsewhere it may still be open.
    for (const one of this.#options.partitions()) if (one.open.has(run)) return this.#repeated(settlement);
    return this.#give(decoded, settlement, frames);
  }

  #putStop(stop: AwaitedStop): Promise<void> | undefined {
    const { decoded, frames } = stop;
    const { hop } = decoded;
    const names = new Set([...stop.arrived.keys()].map(({ name }) => name));
    const counted = hop === undefined ? decoded : { ...decoded, hop: countersOf(hop, names) };
    return this.#give(counted, settlementOf(stop), frames) ?? undefined;
  }

  /** Looks for a Start that is to be given again; after the last one the partition goes where it begins. */
  #giveStart(partition: PartitionReading, record: ReceivedRecord): void | Promise<void> {
    const offset = Number(record.offset);
    const [before, rest] = divided(partition.wanted, (wanted) => wanted < offset);
    for (const wanted of before) {
      const place = `offset ${wanted} of partition ${partition.name}`;
      this.#options.warn(`the Start at ${place} is not in the topic any more; its run has none here`);
    }
    const isWanted = rest[0] === offset;
    partition.wanted = isWanted ? rest.slice(1) : rest;
    if (partition.wanted.length === 0) {
      partition.at = partition.records.length;
      this.#options.seek(partition, partition.position);
    }
    return isWanted ? this.#takeOver(partition, record, offset) : undefined;
  }

  #takeOver(partition: PartitionReading, { value }: ReceivedRecord, offset: number): void | Promise<void> {
    const frames = value === null ? [] : this.#isNative ? [partition.frame, value] : [value];
    const start = frames.length === 0 ? undefined : decodedOf(partition, frames)?.find(isStart);
    if (start === undefined) return undefined;
    partition.open.goesOn(runKey(start), offset);
    partition.sawLifecycle(start);
    const again = startAgain(start);
    const inlet = partitionedInlet(this.#options.inlet);
    return inlet === undefined ? this.#give(again) : inlet.takeOver(again as Decoded<M>);
  }

  #give(decoded: Decoded, settlement?: Settlement, frames?: readonly Uint8Array[]): void | Promise<void> {
    if (this.#platform !== undefined) return this.#platform.putDecoded(decoded as Decoded<M>, settlement, frames);
    if (decoded.control !== true) return this.#options.inlet.put(decoded.message as M, settlement);
    return settlement?.ack();
  }

  #repeated(settlement: Settlement): void | Promise<void> {
    if (!this.#hasWarned) {
      this.#hasWarned = true;
      this.#options.warn(
        "some messages are in the topic twice, since their publisher had to repeat a request; each is given once",
      );
    }
    return settlement.ack();
  }
}

/** Names a run for one reader: that of one life of a publisher, where the format tells lives apart. */
function runKey({ message, hop, stream }: Decoded): string {
  return `${hop?.incarnation ?? stream ?? message.envelope.origin?.stream ?? ""}\u0000${message.run}`;
}

function divided(all: readonly number[], isFirst: (one: number) => boolean): [readonly number[], readonly number[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

function isStart({ message }: Decoded): boolean {
  return message.type === "start";
}

/** Gives nothing for bytes that are no message: the inlet says what becomes of them. */
function decodedOf(partition: PartitionReading, frames: readonly Uint8Array[]): readonly Decoded[] | undefined {
  try {
    return partition.read(frames);
  } catch (error) {
    if (error instanceof RejectedError) return undefined;
    throw error;
  }
}
