import { Company } from "../company.ts";
import type { Findings, Row, Size } from "../row.ts";
import { ratios } from "../spread.ts";
import { inTurns } from "../turns.ts";

interface Case {
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
  readonly events: number;
  readonly warmUp: number;
  readonly subscribers: number;
  readonly least: number;
}

const MB = 1_000_000;
const STALLED = { bytes: 100, events: 1_500_000, warmUp: 600_000, subscribers: 3 };
const CASES: readonly Case[] = [
  { subscribers: 1, bytes: 100, events: 3_000_000, warmUp: 500_000, least: 10 },
  { subscribers: 4, bytes: 100, events: 1_500_000, warmUp: 300_000, least: 8 },
  { subscribers: 16, bytes: 100, events: 500_000, warmUp: 100_000, least: 6 },
  { subscribers: 4, bytes: MB, events: 3_000, warmUp: 500, least: 0.8 },
].map((one) => ({
  ...one,
  name: `zmtp-pub-${one.subscribers}${one.bytes === MB ? "-1mb" : ""}`,
  title: `PUB to ${one.subscribers} ${one.subscribers === 1 ? "subscriber" : "subscribers"}, ${one.bytes === MB ? "1 MB" : "100 bytes"}`,
}));

/** Measures publishing to several, beside the package; and what one who never reads costs the others. */
export const fanOut: readonly Row[] = [
  ...CASES.map((one) => ({ name: one.name, measure: (size: Size) => measure(one, size) })),
  { name: "zmtp-pub-stalled", measure: measureStalled },
];

const HOW =
  "One process publishes by a socket alone, another one has all the subscribers, which count and compare bytes and cut " +
  "out no messages. The publisher is never more than 8 MB ahead of the slowest one, so that nothing is dropped.";

async function measure(one: Case, size: Size): Promise<Findings> {
  const found = await inTurns(size, {
    zmtp: () => perSubscriber("zmtp", one, size),
    bare: () => perSubscriber("bare", one, size),
  });
  const isLarge = one.bytes === MB;
  const scaled = (rates: readonly number[]): number[] => rates.map((rate) => (isLarge ? rate : rate / 1000));
  const unit = isLarge ? "messages/s each" : "thousand messages/s each";
  return {
    title: `ZeroMQ, our own engine, ${one.title}`,
    method: HOW,
    lines: [
      { what: `our engine, ${unit}`, values: scaled(found.zmtp) },
      { what: `bare zeromq.js, ${unit}`, values: scaled(found.bare) },
      { what: "**our engine / bare**", values: ratios(found.zmtp, found.bare), target: { least: one.least } },
    ],
  };
}

async function measureStalled(size: Size): Promise<Findings> {
  const found = await inTurns(size, {
    without: () => perSubscriber("zmtp", STALLED, size),
    withOne: () => perSubscriber("zmtp", STALLED, size, true),
  });
  const scaled = (rates: readonly number[]): number[] => rates.map((rate) => rate / 1000);
  return {
    title: "ZeroMQ, our own engine, PUB to 3 subscribers and one who never reads, 100 bytes",
    method: `${HOW} The one who never reads is not waited for: what passes its bound is dropped for it.`,
    lines: [
      { what: "three, thousand messages/s each", values: scaled(found.without) },
      { what: "three beside one who never reads, thousand messages/s each", values: scaled(found.withOne) },
      { what: "**with / without**", values: ratios(found.withOne, found.without), target: { least: 0.9 } },
    ],
  };
}

async function perSubscriber(
  kind: "zmtp" | "bare",
  one: Pick<Case, "bytes" | "events" | "warmUp" | "subscribers">,
  size: Size,
  isOneStalled = false,
): Promise<number> {
  const { bytes, subscribers } = one;
  const events = size.quick ? Math.ceil(one.events / 20) : one.events;
  const warmUp = size.quick ? Math.ceil(one.warmUp / 20) : one.warmUp;
  await using company = new Company();
  const all = subscribers + (isOneStalled ? 1 : 0);
  const publisher = company.begin("zmtp-publish", { kind, bytes, events, subscribers: all });
  const { address, port: creditPort } = await publisher.word<{ address: string; port: number }>("ready");
  const port = Number(address.split(":").at(-1));
  const options = { port, creditPort, bytes, events, warmUp, subscribers, isOneStalled };
  const { perSecond } = await company.begin("zmtp-subscribe", options).word<{ perSecond: number }>("done");
  await company.end();
  return perSecond;
}
