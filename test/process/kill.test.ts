import { expect, test } from "vitest";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { eventsOf, expectSums, missingOf } from "./accounts.ts";
import { Chain, type Engines, STAGES, type StageName } from "./chain.ts";
import { idsOf, rangesWithout, segmentsOf } from "./journals.ts";
import type { Death } from "./programs/death.ts";

const EVENTS = 40;
const BEFORE = 5;
const RUN = "scan-2";
const REPETITIONS = process.env["ARROYO_LONG"] === "1" ? 5 : 1;

interface Plan {
  readonly victim: StageName;
  readonly death: Death;
  readonly transport: "tcp" | "ipc";
  readonly engines: Engines;
  /** The engines, for the title. */
  readonly with: string;
  readonly seed: number;
}

/** Ten places in the run for each victim, the first ones at its beginning and end; the others from the seed. */
function plans(victim: StageName, repetition: number): Plan[] {
  const random = new Seeded(SEED * 1_000 + repetition * 10 + STAGES.indexOf(victim));
  const places = [1, 2, EVENTS + 1, ...Array.from({ length: 7 }, () => 3 + random.below(EVENTS - 2))];
  const engine = (): "libzmq" | "zmtp" => random.pick(["libzmq", "zmtp"]);
  return places.map((message) => {
    const engines = { detector: engine(), middle: engine(), sink: engine() };
    return {
      victim,
      death: { run: RUN, message, when: random.pick(["before", "after"] as const) },
      transport: random.pick(["tcp", "ipc"] as const),
      engines,
      with: Object.values(engines).join(", "),
      seed: random.below(1_000_000),
    };
  });
}

for (const victim of STAGES) {
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    test.for(plans(victim, repetition))(
      `kill - ${victim} dies $death.when message $death.message, $transport, $with (seed ${SEED}, case $seed)`,
      survives,
    );
  }
}

/** One night: a complete run, then one in which the victim is killed and started again. */
async function survives({ victim, death, transport, engines, seed }: Plan): Promise<void> {
  await using chain = await Chain.open(transport, engines);
  for (const name of STAGES) chain.start(name, name === victim ? death : undefined);
  await Promise.all(STAGES.map((name) => chain.now(name).ready()));
  const random = new Seeded(seed);
  await sendRun(chain, "scan-1", BEFORE, random);
  await sendRun(chain, RUN, EVENTS, random, victim);
  await chain.drain();

  expect(chain.lives(victim)).toHaveLength(2);
  expect(chain.lives(victim)[0]?.ended).toEqual({ code: null, signal: "SIGKILL" });
  for (const name of STAGES) {
    expect(chain.now(name).ended, name).toEqual({ code: 0, signal: null });
    expectSums(chain.now(name).account);
  }
  if (victim === "detector") expectNewDetector(chain);
  else if (victim === "middle") expectNewMiddle(chain, death);
  else expectNewSink(chain);
}

/** Sends a run in small steps, each acknowledged by the sink. A victim that died is started again on the way. */
async function sendRun(chain: Chain, run: string, count: number, random: Seeded, victim?: StageName): Promise<void> {
  let isDue = victim !== undefined;
  const dead = (): boolean => isDue && chain.now(victim as StageName).ended !== undefined;
  chain.now("detector").order({ send: "start", run });
  await chain.until(() => dead() || chain.now("sink").openings(run) > 0, `run ${run} opened`);
  for (let sent = 0; sent < count; ) {
    const step = Math.min(count - sent, 1 + random.below(5));
    sent += step;
    const id = chain.now("detector").send(run, step);
    await chain.until(() => dead() || chain.now("sink").has(id), `event ${id}`);
    if (isDue && sent === count) await chain.now(victim as StageName).end();
    if (!dead()) continue;
    isDue = false;
    if (victim === "detector") sent = 0;
    else chain.now("detector").send(run, random.below(4));
    await startAgain(chain, victim as StageName, run);
  }
  chain.now("detector").order({ send: "stop", run });
  await chain.until(() => chain.now("sink").isComplete(run), `run ${run} complete`);
}

/** Starts a stage again in the middle of a run, and waits until the run goes on at the sink. */
async function startAgain(chain: Chain, victim: StageName, run: string): Promise<void> {
  const openings = victim === "sink" ? 0 : chain.now("sink").openings(run);
  const stage = chain.start(victim);
  await stage.ready();
  if (victim === "detector") stage.order({ send: "start", run });
  await chain.until(() => chain.now("sink").openings(run) > openings, `run ${run} opened again`);
}

/** The run begins anew with the detector: the others see the end of the old one, then all of the new one. */
function expectNewDetector(chain: Chain): void {
  const [old, now] = chain.lives("detector");
  const before = idsOf(old?.journal ?? [], RUN);
  const sent = idsOf(now?.journal ?? [], RUN, 1);
  expect(sent).toHaveLength(EVENTS);
  for (const name of ["middle", "sink"] as const) {
    const { journal, account } = chain.now(name);
    const [first, ...rest] = segmentsOf(journal);
    expect(first).toMatchObject({ run: "scan-1", resumed: false, reason: "completed" });
    const last = rest.pop();
    expect(last, name).toEqual({ run: RUN, resumed: false, ids: sent, reason: "completed" });
    // Of what the old life had sent, a part; the run may not have got so far that anybody heard of it.
    expect(rest.length).toBeLessThanOrEqual(1);
    if (rest[0] !== undefined) expect(rest[0]).toMatchObject({ run: RUN, resumed: false, reason: "interrupted" });
    expect(before, name).toEqual(expect.arrayContaining(idsOf(journal, RUN)));
    expect(missingOf(account, RUN)).toEqual({ events: 0, ranges: [] });
    expect(eventsOf(account, RUN)).toBe((rest[0]?.ids.length ?? 0) + EVENTS);
    const lines = account.runs.filter(({ run }) => run === RUN);
    expect(lines.at(-1)).toMatchObject({ ended: "completed", lost: 0, events: EVENTS });
    // How much the old life sent is not known to anybody here: what is said of its loss must not be a guess.
    const known = name === "middle" ? before.length - (rest[0]?.ids.length ?? 0) : 0;
    if (lines.length > 1) expect(["unknown", known], name).toContain(lines[0]?.lost);
  }
}

/** The run goes on with the new middle; what is missing at the sink is known to the event. */
function expectNewMiddle(chain: Chain, death: Death): void {
  const sent = idsOf(chain.now("detector").journal, RUN);
  expect(sent.length).toBeGreaterThanOrEqual(EVENTS);
  const [old, now] = chain.lives("middle");
  expect(segmentsOf(old?.journal ?? []).at(-1)).toMatchObject({ run: RUN, resumed: false });
  expect(segmentsOf(now?.journal ?? [])).toMatchObject([{ run: RUN, resumed: true, reason: "completed" }]);

  const { journal, account } = chain.now("sink");
  const segments = segmentsOf(journal).slice(1);
  // A Start may die with the process that has just published it.
  const wasHeard = death.message > 1 || segments.length > 1;
  expect(segments.map(({ reason }) => reason)).toEqual(wasHeard ? ["interrupted", "completed"] : ["completed"]);
  expect(segments.map(({ resumed }) => resumed)).toEqual(wasHeard ? [false, true] : [true]);

  const received = idsOf(journal, RUN);
  expect(eventsOf(account, RUN)).toBe(received.length);
  // Who hears of a run for the first time when it is resumed, joins it there.
  const joined = wasHeard ? 0 : (account.runs.at(-1)?.joinedAt ?? 0);
  const expected = sent.filter((id) => id >= joined);
  const ranges = rangesWithout(expected, received);
  const missing = missingOf(account, RUN);
  expect(missing.ranges).toEqual(ranges);
  expect(missing.events + received.length).toBe(expected.length);
  for (const line of account.runs.at(-1)?.missing ?? []) expect(line.as).toBe("lost");
}

/** The new sink joins the run where it is; nobody else notices anything. */
function expectNewSink(chain: Chain): void {
  const sent = idsOf(chain.now("detector").journal, RUN);
  for (const name of ["detector", "middle"] as const) {
    expect(segmentsOf(chain.now(name).journal).at(-1), name).toEqual({
      run: RUN,
      resumed: false,
      ids: sent,
      reason: "completed",
    });
    expect(chain.now(name).account).toMatchObject({ lost: 0, left: 0, events: BEFORE + sent.length });
  }
  const [old, now] = chain.lives("sink");
  const before = segmentsOf(old?.journal ?? []).filter(({ run }) => run === RUN);
  for (const segment of before) expect(segment).toEqual({ run: RUN, resumed: false, ids: segment.ids });
  expect(sent).toEqual(expect.arrayContaining(idsOf(old?.journal ?? [], RUN)));

  const { journal, account } = now as NonNullable<typeof now>;
  expect(segmentsOf(journal)).toMatchObject([{ run: RUN, resumed: true, reason: "completed" }]);
  const received = idsOf(journal, RUN);
  const [line] = account.runs;
  expect(line).toMatchObject({ events: received.length, ended: "completed", lost: 0 });
  if (received.length > 0) expect(line?.joinedAt).toBe(received[0]);
  expect(missingOf(account, RUN)).toEqual({ events: 0, ranges: [] });
  expect(received).toEqual(sent.filter((id) => id >= (received[0] ?? Number.POSITIVE_INFINITY)));
}
