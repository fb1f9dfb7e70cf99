import { type Account, checkAccount } from "../account.ts";
import { Company } from "../company.ts";
import type { Program } from "../program.ts";
import type { Size } from "../row.ts";

/** Says what is sent through. */
export interface Load {
  readonly bytes: number;
  readonly events: number;
  readonly warmUp: number;
  /** Frames that may wait in each socket of libzmq; absent: as many as it allows by itself. */
  readonly waiting?: number;
}

/** Is what stands in the middle. */
export type Forwarder =
  | {
      readonly kind: "block";
      readonly operator?: "field" | "metadata" | "changes" | "async";
      readonly readInPlace?: boolean;
      readonly reuseBuffers?: boolean;
      readonly ballast?: number;
    }
  | { readonly kind: "bare"; readonly ballast?: number }
  | { readonly kind: "c"; readonly program: string };

/** Is what one run through a forwarder gave. */
export interface Forwarded {
  readonly perSecond: number;
  readonly cpuUs: number;
}

/** Sends one run through a forwarder, from one process of our engine to another; everything is checked. */
export async function forwarded(forwarder: Forwarder, load: Load, size: Size): Promise<Forwarded> {
  const { bytes, waiting } = load;
  const events = size.quick ? Math.ceil(load.events / 20) : load.events;
  const warmUp = size.quick ? Math.ceil(load.warmUp / 20) : load.warmUp;
  await using company = new Company();
  const sink = company.begin("zmtp-sink", { bytes, events, warmUp });
  const { address: connect } = await sink.word<{ address: string }>("ready");
  const forward = begin(company, forwarder, connect, waiting);
  const { address } = await forward.word<{ address: string }>("ready");
  const source = company.begin("zmtp-source", { connect: address, bytes, events });
  await sink.word("warm");
  forward.tell("warm");
  await source.word("sent");
  const { perSecond } = await sink.word<{ perSecond: number }>("done");
  forward.tell("end");
  const { cpu, account } = await forward.word<{ cpu: NodeJS.CpuUsage; account?: Account }>("ended");
  if (account !== undefined) checkAccount(account, events + 2);
  await company.end();
  return { perSecond, cpuUs: (cpu.user + cpu.system) / (events - warmUp) };
}

function begin(company: Company, forwarder: Forwarder, connect: string, waiting: number | undefined): Program {
  if (forwarder.kind === "block") return company.begin("zmtp-middle", { ...forwarder, connect });
  const marked = { ...forwarder, connect, ...(waiting === undefined ? {} : { highWaterMark: waiting }) };
  return company.begin(forwarder.kind === "c" ? "zmtp-c" : "zmtp-middle", marked);
}
