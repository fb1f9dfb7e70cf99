import { expect, test } from "vitest";
import { SEED, Seeded } from "../corpus/seeded.ts";
import { eventsOf, expectSums, missingOf } from "./accounts.ts";
import { Chain, STAGES, type StageName } from "./chain.ts";
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
  readonly seed: number;
}

/** Ten places in the run for each victim, the first ones at its beginning and end; the others from the seed. */
function plans(victim: StageName, repetition: number): Plan[] {
  const random = new Seeded(SEED * 1_000 + repetition * 10 + STAGES.indexOf(victim));
  const places = [1, 2, EVENTS + 1, ...Array.from({ length: 7 }, () => 3 + random.below(EVENTS - 2))];
  return places.map((message) => ({
    victim,
    death: { run: RUN, message, when: random.pick(["before", "after"] as const) },
    transport: random.pick(["tcp", "ipc"] as const),
    seed: random.below(1_000_000),
  }));
}

for (const victim of STAGES) {
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    test.for(plans(victim, repetition))(
      `kill - ${victim} dies $death.when message $death.message over $transport (seed ${SEED}, case $seed)`,
      survives,
    );
  }
}

/** One night: a complete run, then one in which the victim is killed and started again. */
async function survives({ victim, death, transport, seed }: Plan): Promise<void> {
  const random = new Seeded(seed);
  await using chain = await Chain.open(transport);
  for (const name of [...STAGES].reverse()) chain.start(name, name === victim ? death : undefined);
  await Promise.all(STAGES.map((name) => chain.now(name).ready()));
  await send(chain, "scan-1", BEFORE, random);

  await send(chain, RUN, EVENTS, random, victim);
  expect(chain.lives(victim)).toHaveLength(2);
  expect(chain.lives(victim)[0]?.ended).toEqual({ code: null, signal: "SIGKILL" });
  await chain.drain();
  for (const name of STAGES) {
    expect(chain.now(name).ended, name).toEqual({ code: 0, signal: null });
    expectSums(chain.now(name).account);
  }
  if (victim === "detector") expectNewDetector(chain);
  else if (victim === "middle") expectNewMiddle(chain);
  else expectNewSink(chain);
}

/** Sends a run in small steps, each acknowledged by the sink; starts the victim again when it is dead. */
async function send(chain: Chain, run: string, count: number, random: Seeded, victim?: StageName): Promise<void> {
  let life = chain.now("detector").life;
  let id = life > 0 || run === "scan-1" ? 0 : BEFORE;
  let left = count;
  chain.now("detector").order({ send: "start", run });
  await seen(chain, victim, () => chain.now("sink").opened(run));
  while (left > 0) {
    if (victim !== undefined && chain.now(victim).ended !== undefined && chain.lives(victim).length === 1) {
      await startAgain(chain, victim, random);
      const detector = chain.now("detector");
      if (detector.life !== life) {
        life = detector.life;
        id = 0;
        left = count;
        detector.order({ send: "start", run });
      } else {
        // What was sent while nobody was there.
        const gone = chain.lives("detector")[0]?.journal ?? [];
        id = BEFORE + idsOf(gone, run).length;
        left = BEFORE + count - id;
      }
      await chain.now("sink").until(() => openTimes(chain, run) >= 1, "the run, again");
      continue;
    }
    const step = Math.min(left, 1 + random.below(5));
    chain.now("detector").order({ send: "events", run, count: step });
    id += step;
    left -= step;
    await seen(chain, victim, () => chain.now("sink").got(id - 1, life));
  }
  chain.now("detector").order({ send: "stop", run });
  await chain.now("sink").stopped(run);
}
