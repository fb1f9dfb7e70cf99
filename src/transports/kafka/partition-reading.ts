import { AckPrefix } from "../../listener/ack-prefix.ts";
import type { Decoded, Hop } from "../../message/codec.ts";
import type { Extent, ReceivedRecord } from "./client.ts";
import { OpenRuns } from "./open-runs.ts";

/** How many lives of publishers are told apart in one partition. */
const MAX_LIVES = 256;
const NONE: readonly ReceivedRecord[] = Object.freeze([]);

/** Is one partition while this member reads it. */
export class PartitionReading {
  readonly partition: number;
  /** Its number as a name: the topic of its sequences. */
  readonly name: string;
  readonly frame: Uint8Array;
  readonly prefix: AckPrefix;
  readonly open: OpenRuns = new OpenRuns();
  readonly read: (frames: readonly Uint8Array[]) => readonly Decoded[];
  /** The offset of the next record to put. */
  position: number;
  /** The offset after the last one of the partition, as far as is known. */
  high: number;
  /** Everything before this offset is finished. */
  finishedTo: number;
  /** What was committed last. */
  committed: number;
  /** The Starts that are still to be given again before the partition begins at its position. */
  wanted: readonly number[];
  records: readonly ReceivedRecord[] = NONE;
  at = 0;
  /** True while it waits behind a Stop for the other partitions. */
  isParked = false;
  /** True while the client does not fetch it. */
  isPaused = false;
  /** True when the client goes on elsewhere than this reading, once its batch is over. */
  isBeside = false;
  /** True when it belongs to this member no more. */
  isGone = false;
  /** True after its next offset was found to be out of range. */
  isOutOfRange = false;
  /** The newest Start or Stop of each life of a publisher. */
  readonly #lifecycles = new Map<string, number>();
  readonly #sequences = new Map<string, number>();
  #lastHop: Hop | undefined;
  #lastSequence = -1;
  #idle: (() => void)[] = [];

  constructor(
    partition: number,
    first: { readonly position: number; readonly starts: readonly number[]; readonly high: number },
    read: (frames: readonly Uint8Array[]) => readonly Decoded[],
    commit: (partition: PartitionReading, sequence: number) => void | Promise<void>,
  ) {
    this.partition = partition;
    this.name = String(partition);
    // Bytes of their own: those of a pool would be charged as if all of it were kept.
    this.frame = new Uint8Array(Buffer.from(this.name));
    this.read = read;
    this.position = first.position;
    this.finishedTo = first.position;
    this.committed = first.position;
    this.high = first.high;
    this.wanted = first.starts;
    this.prefix = new AckPrefix((sequence) => commit(this, sequence));
  }

  /** True while there is a batch of which not everything was taken. */
  get isBusy(): boolean {
    return this.records.length > 0;
  }

  /** Resolves when nothing waits to be put, or nothing can be. */
  idle(): Promise<void> {
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Says that nothing waits to be put, or nothing can be. */
  tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Takes a batch. */
  take(records: readonly ReceivedRecord[], high: number): void {
    this.records = records;
    this.at = 0;
    this.high = Math.max(this.high, high);
  }

  /** Forgets what waits to be put; it can be fetched again. */
  discard(): void {
    this.records = NONE;
    this.at = 0;
    this.tellIdle();
  }

  /** Tells whether an event is there for the second time: its publisher did not see the answer, and sent it again. */
  isRepeated({ hop, sequence }: Decoded): boolean {
    if (hop === undefined || sequence === undefined) return false;
    if (hop !== this.#lastHop) {
      if (this.#lastHop !== undefined) remember(this.#sequences, this.#lastHop.incarnation, this.#lastSequence);
      this.#lastHop = hop;
      this.#lastSequence = this.#sequences.get(hop.incarnation) ?? -1;
    }
    if (sequence <= this.#lastSequence) return true;
    this.#lastSequence = sequence;
    return false;
  }

  /** Notes a Start or Stop of a life of a publisher. */
  sawLifecycle({ hop, sequence }: Decoded): void {
    if (hop !== undefined && sequence !== undefined) remember(this.#lifecycles, hop.incarnation, sequence);
  }

  /** Tells whether something of the same life that came after a Start or Stop was read here. */
  isPast({ hop, sequence }: Decoded): boolean {
    if (hop === undefined || sequence === undefined) return false;
    return (this.#lifecycles.get(hop.incarnation) ?? -1) > sequence;
  }
}

/** Resolves when a batch is over, or its partition is parked, or all is halted; beats meanwhile. */
export async function untilIdle(
  partition: PartitionReading,
  heartbeat: () => Promise<void>,
  everyMs: number,
  isHalted: () => boolean,
): Promise<void> {
  while (partition.isBusy && !partition.isParked && !isHalted()) {
    let timer: NodeJS.Timeout | undefined;
    const turn = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, everyMs);
    });
    await Promise.race([partition.idle(), turn]);
    clearTimeout(timer);
    await heartbeat();
  }
}

/** Gives how many messages of each partition are not finished, by what the brokers have now. */
export function behind(
  extents: ReadonlyMap<number, Extent>,
  partitions: Iterable<PartitionReading>,
): ReadonlyMap<string, number> {
  const waiting = new Map<string, number>();
  for (const one of partitions) {
    one.high = Math.max(one.high, extents.get(one.partition)?.high ?? 0);
    waiting.set(one.name, Math.max(0, one.high - one.finishedTo));
  }
  return waiting;
}

function remember(map: Map<string, number>, key: string, value: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_LIVES) map.delete(map.keys().next().value as string);
}
