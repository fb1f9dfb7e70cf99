import type { Account, Block } from "arroyojs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../src/testing/conformance/until.ts";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { expectSums, missingOf } from "../process/accounts.ts";
import { Child } from "../process/child.ts";
import type { Death } from "../process/programs/death.ts";
import type { BlockWord } from "../process/programs/speech.ts";
import { Given } from "../process/sources.ts";
import { Grounds } from "./grounds.ts";
import { type HopName, hopBlock, MIDDLE, type Places } from "./hops.ts";
import { eventOf, SIDES, startOf, stopOf } from "./messages.ts";
import type { HopOptions } from "./programs/hop.ts";
import { Seen } from "./seen.ts";

const EVENTS = 400;
const RUN = "scan-2";
const PLACES = 3;
const PATIENCE_MS = 30_000;

let grounds: Grounds;
beforeAll(async () => {
  grounds = await Grounds.start();
}, 90_000);
afterAll(() => grounds[Symbol.asyncDispose]());

/** Is one life of a hop. */
class HopProcess extends Child<BlockWord> {
  constructor(hop: HopName, places: Places, death?: Death) {
    const options: HopOptions = { hop, places, ...(death === undefined ? {} : { death }) };
    super(new URL("programs/hop.ts", import.meta.url), { args: [options] });
  }

  async ready(): Promise<void> {
    await this.until(() => this.words.some(({ say }) => say === "ready"), "ready", PATIENCE_MS);
  }

  /** The account that it gave at its end. */
  get account(): Account {
    const word = this.words.find((one) => one.say === "account");
    if (word?.say !== "account") throw new Error(`no account:\n${this.story}`);
    return word.account;
  }
}

/** Each hop between the ends dies at several places of the run, by the seed. */
const plans = MIDDLE.flatMap((victim, at) => {
  const random = new Seeded(SEED * 100 + at);
  return Array.from({ length: PLACES }, () => {
    const death: Death = { run: RUN, message: 2 + random.below(EVENTS / 3), when: random.pick(["before", "after"]) };
    return { victim, death };
  });
});

test.for(plans)(
  `kill - $victim dies $death.when message $death.message of a run and comes back (seed ${SEED})`,
  {
    timeout: 240_000,
  },
  async ({ victim, death }) => {
    const places = await grounds.places();
    const source = new Given();
    const seen = new Seen();
    const hops = new Map(MIDDLE.map((hop) => [hop, new HopProcess(hop, places, hop === victim ? death : undefined)]));
    const detector = hopBlock("detector", places, { listener: source });
    const sink = hopBlock("sink", places, { operator: seen });
    const lives = [...hops.values()];
    try {
      await Promise.all([detector.start(), sink.start()]);
      await Promise.all([...lives.map((life) => life.ready()), sink.ready()]);
      await give(source, "scan-1", 0, 20);
      await source.give(stopOf("scan-1", 20));
      await come("scan-1", seen, lives);

      await give(source, RUN, 0, EVENTS / 2);
      const dead = hops.get(victim) as HopProcess;
      expect(await dead.end(PATIENCE_MS)).toEqual({ code: null, signal: "SIGKILL" });
      const next = new HopProcess(victim, places);
      hops.set(victim, next);
      lives.push(next);
      await next.ready();
      await give(source, RUN, EVENTS / 2, EVENTS);
      await source.give(stopOf(RUN, EVENTS));
      source.end();
      await detector.finished;
      await come(RUN, seen, lives);
      for (const life of [...hops.values(), sink]) {
        if (life instanceof HopProcess) {
          life.signal("SIGTERM");
          expect(await life.end(PATIENCE_MS), life.story).toEqual({ code: 0, signal: null });
        } else await life.stop();
      }
    } finally {
      await Promise.all([detector, sink].map((block) => block.stop({ abandon: true })));
      await Promise.all(lives.map((life) => life[Symbol.asyncDispose]()));
    }
    for (const hop of hops.values()) expectSums(hop.account);
    expectNothingSilent(victim, detector, sink, seen);
  },
);

/** Resolves when the Stop of a run came out; fails with what every process said. */
async function come(run: string, seen: Seen, lives: readonly HopProcess[]): Promise<void> {
  const stories = (): string => `${JSON.stringify(seen.parts)}\n\n${lives.map(({ story }) => story).join("\n\n")}`;
  await until(() => seen.isComplete(run), `the Stop of ${run}`, PATIENCE_MS).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${stories()}`);
  });
}

/** Each event came out, or the account of the last hop names it or says where it joined; what came twice did so in another part of the run. */
function expectNothingSilent(victim: HopName, detector: Block, sink: Block, seen: Seen): void {
  expect(seen.faults).toEqual([]);
  expectSums(sink.account);
  expect(detector.account).toMatchObject({ publishedEvents: EVENTS + 20, left: 0 });
  expect(seen.idsOf("scan-1")).toHaveLength(20);
  expect(missingOf(sink.account, "scan-1").events).toBe(0);

  const ids = seen.idsOf(RUN);
  const out = new Set(ids);
  const lines = sink.account.runs.filter(({ run }) => run === RUN);
  // Where nothing of the run was out when the victim died, the account says instead of ranges: joined at.
  const isJoined = seen.parts.find(({ run }) => run === RUN)?.resumed === true;
  if (isJoined) expect(lines[0]?.joinedAt).toBeGreaterThanOrEqual(20 / SIDES.length);
  const begins = SIDES.map((_, side) => (isJoined ? (ids.find((id) => id % SIDES.length === side) as number) : 0));
  const absent = Array.from({ length: EVENTS }, (_, id) => id).filter(
    (id) => !out.has(id) && id >= (begins[id % SIDES.length] as number),
  );
  const gaps = lines.flatMap(({ missing }) => missing ?? []);
  const named = gaps.flatMap(({ partition, ranges }) =>
    ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => idOf(partition, first + at))),
  );
  expect(named.toSorted((one, other) => one - other)).toEqual(absent);
  expect(gaps.reduce((sum, { events }) => sum + events, 0)).toBe(absent.length);
  // Only what lives in the memory of a process can be lost: behind ZeroMQ, and before a WebSocket.
  if (victim !== "zmq-kafka" && victim !== "files-websocket") expect(out.size).toBe(EVENTS);
}

/** The number of an event, by that which its source gave it: 20 events of the first run came before. */
function idOf(partition: string, sequence: number): number {
  return (sequence - 20 / SIDES.length) * SIDES.length + SIDES.indexOf(partition as (typeof SIDES)[number]);
}

async function give(source: Given, run: string, from: number, to: number): Promise<void> {
  if (from === 0) await source.give(startOf(run));
  for (let id = from; id < to; id += 1) await source.give(eventOf(run, id));
}
