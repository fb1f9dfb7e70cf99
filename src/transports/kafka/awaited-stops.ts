import type { Decoded } from "../../message/codec.ts";
import type { Settlement } from "../../queue/settlement.ts";
import type { Extent } from "./client.ts";
import type { PartitionReading } from "./partition-reading.ts";

/** Is a Stop that has come in some of the partitions. */
export interface AwaitedStop {
  readonly run: string;
  readonly decoded: Decoded;
  readonly frames: readonly Uint8Array[];
  /** Partitions below this number have a copy. */
  readonly copies: number;
  readonly arrived: Map<PartitionReading, Settlement>;
  /** Where the partitions ended after the Stop had come; undefined until that is known. */
  extents: ReadonlyMap<number, Extent> | undefined;
  /** Since when nothing more can come, as far as is known. */
  silentSince: number | undefined;
}

/** What the Stops are told by the reading. */
export interface AwaitedStopsOptions {
  readonly partitions: () => Iterable<PartitionReading>;
  /** Asks where the partitions end now. */
  readonly extents: () => Promise<ReadonlyMap<number, Extent>>;
  /** Takes a Stop that came in all partitions. */
  readonly pass: (stop: AwaitedStop) => void;
  /** Lets a partition go on. */
  readonly unpark: (partition: PartitionReading) => void;
  readonly warn: (message: string) => void;
  readonly waitMs: number;
}

const LOOK_EVERY_MS = 250;

/**
 * Holds a Stop back until it has come in each partition that this member reads and that has its copy: until then events
 * of the run may still come. A partition in which it came waits, or many short runs would be open side by side.
 */
export class AwaitedStops {
  readonly #options: AwaitedStopsOptions;
  readonly #stops = new Map<string, AwaitedStop>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AwaitedStopsOptions) {
    this.#options = options;
  }

  /** True where a Stop of the run is awaited in other partitions. */
  has(run: string): boolean {
    return this.#stops.has(run);
  }

  /** Takes a Stop of one partition, which is parked. */
  arrive(
    partition: PartitionReading,
    settlement: Settlement,
    stop: Pick<AwaitedStop, "run" | "decoded" | "frames" | "copies">,
  ): void {
    let awaited = this.#stops.get(stop.run);
    if (awaited === undefined) {
      awaited = { ...stop, arrived: new Map(), extents: undefined, silentSince: undefined };
      this.#stops.set(stop.run, awaited);
    }
    awaited.arrived.set(partition, settlement);
    partition.isParked = true;
    this.look();
  }

  /** Looks which Stops can pass, after something changed. */
  look(): void {
    for (const stop of this.#stops.values()) this.#lookAt(stop);
    if (this.#stops.size === 0) this.#disarm();
    else this.#timer ??= setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  /** Gives all back: the partitions are divided anew. */
  drop(): void {
    this.#disarm();
    const stops = [...this.#stops.values()];
    this.#stops.clear();
    for (const { arrived } of stops) for (const settlement of arrived.values()) void settlement.nack("stopped");
  }

  #lookAt(stop: AwaitedStop): void {
    const missing = this.#missing(stop);
    if (missing.length === 0) {
      this.#pass(stop);
      return;
    }
    if (stop.extents === undefined && missing.some(({ open }) => !open.has(stop.run))) this.#ask(stop);
    // Partitions that wait for each other at different Stops: those of other publishers may stand the other way round.
    if (missing.every(({ isParked }) => isParked)) {
      for (const partition of stop.arrived.keys()) if (partition.isParked) this.#options.unpark(partition);
      return;
    }
    const canCome = missing.some((one) => !one.isParked && (one.isBusy || one.position < one.high));
    if (canCome) {
      stop.silentSince = undefined;
      return;
    }
    const now = performance.now();
    stop.silentSince ??= now;
    if (now - stop.silentSince < this.#options.waitMs) return;
    const names = missing.map(({ name }) => name).join(", ");
    this.#options.warn(
      `the Stop of run ${JSON.stringify(stop.decoded.message.run)} did not come in partition ${names} within ` +
        `${this.#options.waitMs} ms; the run ends without it`,
    );
    this.#pass(stop);
  }

  /** Where the run is open its Stop has to come; where it is not, its Start may still have to. */
  #missing(stop: AwaitedStop): readonly PartitionReading[] {
    const missing: PartitionReading[] = [];
    for (const one of this.#options.partitions()) {
      if (one.partition >= stop.copies || stop.arrived.has(one)) continue;
      if (one.open.has(stop.run)) missing.push(one);
      else if (!one.isPast(stop.decoded)) {
        const end = stop.extents?.get(one.partition)?.high ?? Number.POSITIVE_INFINITY;
        if (one.position < end) missing.push(one);
      }
    }
    return missing;
  }

  #ask(stop: AwaitedStop): void {
    stop.extents = new Map();
    this.#options.extents().then(
      (extents) => {
        stop.extents = extents;
        if (this.#stops.get(stop.run) === stop) this.look();
      },
      // Asked again with the next look.
      () => {
        stop.extents = undefined;
      },
    );
  }

  #pass(stop: AwaitedStop): void {
    this.#stops.delete(stop.run);
    this.#options.pass(stop);
    for (const partition of stop.arrived.keys()) if (partition.isParked) this.#options.unpark(partition);
  }

  #disarm(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Settles a Stop in all partitions in which it came. */
export function settlementOf({ arrived }: AwaitedStop): Settlement {
  const each = (settle: (one: Settlement) => void | Promise<void>): void | Promise<void> => {
    const waits = [...arrived.values()].map(settle).filter((wait) => wait !== undefined);
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  };
  return { ack: () => each((one) => one.ack()), nack: (reason) => each((one) => one.nack(reason)) };
}
