import type { Broker, TcpProxy } from "../../src/testing/brokers/index.ts";
import type { BrokerName, ReaderName } from "./cases.ts";
import type { Body } from "./feed.ts";

/** Names the two queues between which a block stands. */
export interface Place {
  readonly reader: ReaderName;
  readonly from: string;
  readonly to: string;
}

/** Is what stands in a sink, as a bare client sees it. */
export interface Sink extends AsyncDisposable {
  /** What came so far, oldest first. */
  readonly bodies: readonly Buffer[];
  /** Looks for more; true when it has all that there is now. */
  look(): Promise<boolean>;
}

/** Is a broker behind a proxy, with a bare client for what goes in and what comes out. */
export interface Ends extends AsyncDisposable {
  readonly name: BrokerName;
  readonly broker: Broker;
  readonly proxy: TcpProxy;
  /** Where a block connects: at the proxy. */
  readonly url: string;
  /** Makes two queues that nobody else has. */
  make(reader: ReaderName, partitions: number): Promise<Place>;
  /** Writes into the source; resolves when the broker has it. */
  fill(place: Place, bodies: readonly Body[]): Promise<void>;
  /** Reads the sink from its beginning. */
  sink(place: Place): Promise<Sink>;
  /** Says how many of so many messages in the source nobody has acknowledged. */
  left(place: Place, filled: number): Promise<number>;
  /** Whether `left` can be asked while a block is connected. */
  readonly knowsLeft: boolean;
  /** Counts what is in the sink, not through the proxy; absent where that cannot be. */
  count?(place: Place): Promise<number>;
}

let next = 0;

/** Gives a name that no other case has. */
export function fresh(what: string): string {
  next += 1;
  return `${what}-${process.pid}-${next}`;
}
