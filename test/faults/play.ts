import { expect } from "vitest";
import { Seeded } from "../corpus/seeded.ts";
import { PATIENCE_MS } from "../process/child.ts";
import type { Fault, FaultCase, ReaderName, Stage } from "./cases.ts";
import type { Ends } from "./ends.ts";
import type { Verdict } from "./oracle.ts";
import type { Turn } from "./programs/stages.ts";
import { SESSION_MS, type WorkerWord } from "./programs/words.ts";
import { pause, Trial, type Worker } from "./trial.ts";

const KILLS = process.env["ARROYO_LONG"] === "1" ? 3 : 1;
/** How long it takes a client to notice that nobody answers; Redis has no signs of life. */
const NOTICE_MS = 45_000;
/** How many messages a feed has at least. */
const MESSAGES = 240;
const GARBAGE = ["no message", "AYO\u0001", ""].map((text) => Buffer.from(text));
const POISON = 5;
/** Room for two or three letters. */
const FULL_BYTES = 2_500;

/** Plays one case and gives the oracle's verdict; fails where something hangs, is missing or is wrong. */
export async function play(ends: Ends, one: FaultCase, reader: ReaderName, seed: number): Promise<Verdict> {
  await using trial = await Trial.open(ends, one, reader, seed);
  const random = new Seeded(seed + 1);
  const verdict = await PLAYS[one.fault.kind](trial, one.fault as never, random, one, reader);
  if (one.duplicates !== undefined) expect(verdict.duplicates, "results that came twice").toBe(one.duplicates);
  return verdict;
}

type Plays = {
  readonly [K in Fault["kind"]]: (
    trial: Trial,
    fault: Extract<Fault, { kind: K }>,
    random: Seeded,
    one: FaultCase,
    reader: ReaderName,
  ) => Promise<Verdict>;
};

const PLAYS: Plays = {
  kill: async (trial, { at }, random, one, reader) => {
    // By run, little is committed: once all of that is, a later life would never come there.
    const kills = at === "committing" && one.work === "sums" ? 1 : KILLS;
    for (let kill = 0; kill < kills; kill += 1) {
      // Each life has something new to do, by which it comes to its end.
      await trial.fill(1 / (kills + 1 - kill));
      const when = random.pick(["before", "after"] as const);
      const worker = trial.work([{ at, number: numberOf(at, one, reader, random), when, act: "die" }]);
      expect(await worker.end(), worker.story).toEqual({ code: null, signal: "SIGKILL" });
    }
    trial.work();
    await trial.fill(1);
    return trial.finish();
  },

  end: async (trial, _fault, random) => {
    await trial.fill(0.5);
    const worker = trial.work([waitAt("processing", random)]);
    await arrival(worker, 1);
    worker.signal("SIGTERM");
    worker.order("go");
    expect(await worker.end(), worker.story).toEqual({ code: 0, signal: null });
    trial.work();
    await trial.fill(1);
    return trial.finish();
  },

  broker: async (trial, _fault, random, one) => {
    const { broker } = trial.ends;
    await duringWork(trial, [waitAt(stageOf(random, one), random)], async (go) => {
      await broker.kill();
      go();
      await broker.start();
    });
    return trial.finish();
  },

  cut: async (trial, _fault, random) => {
    const turns = (["processing", "publishing", "published"] as const).map((at) => waitAt(at, random));
    await duringWork(trial, turns, async (go) => {
      trial.ends.proxy.cut();
      go();
    });
    return trial.finish();
  },

  stall: async (trial, { until }, random, one) => {
    const { proxy } = trial.ends;
    await duringWork(trial, [waitAt(stageOf(random, one), random)], async (go, worker) => {
      proxy.stall();
      go();
      if (until === "noticed") await worker.until(() => retries(worker) > 0, "that it is noticed", NOTICE_MS);
      else await pause(1_000);
      proxy.resume();
    });
    return trial.finish();
  },

  answers: async (trial, _fault, random) => {
    const { proxy } = trial.ends;
    await duringWork(trial, [waitAt("publishing", random)], async (go, worker) => {
      const before = await trial.count();
      proxy.dropAnswers();
      go();
      // What it sends arrives: that can be seen in the sink, or by the worker's complaint.
      const deadline = performance.now() + PATIENCE_MS;
      while (retries(worker) === 0 && (before === undefined || (await trial.count()) === before)) {
        if (performance.now() > deadline) throw new Error(`nothing was sent\n\n${worker.story}`);
        await pause();
      }
      proxy.resume();
    });
    return trial.finish();
  },

  consumer: async (trial, { goes }, random) => {
    await trial.fill(0.5);
    const first = trial.work([waitAt("processing", random)]);
    await arrival(first, 1);
    // The first one holds what it took and takes nothing more: what comes now is for the second.
    const second = trial.work([{ ...waitAt("processing", random), number: 1 + random.below(20) }], { name: "second" });
    await second.heard((word): word is WorkerWord => word.say === "ready", "the second one to be ready");
    await trial.fill(0.5);
    await arrival(second, 1);
    second.signal(goes === "killed" ? "SIGKILL" : "SIGTERM");
    second.order("go");
    const ended = await second.end();
    expect(ended, second.story).toEqual(
      goes === "killed" ? { code: null, signal: "SIGKILL" } : { code: 0, signal: null },
    );
    first.order("go");
    await trial.fill(1);
    return trial.finish({ isOrdered: false });
  },

  slow: async (trial, _fault, random) => {
    await duringWork(trial, [waitAt("publishing", random)], async (go, worker) => {
      await pause(2 * SESSION_MS);
      go();
      expect(retries(worker), worker.story).toBe(0);
    });
    return trial.finish();
  },

  poison: async (trial, _fault, random) => {
    const poison = Array.from({ length: POISON }, () => random.below(trial.feed.events.length));
    await trial.fill(0.5, GARBAGE);
    trial.work([], { poison, deadLetters: { path: trial.letters } });
    await trial.fill(1);
    const verdict = await trial.finish({ isOrdered: true, elsewhere: new Set(poison) });
    const { ids, bytes } = await trial.buried();
    expect([...ids].toSorted(), "what lies in the dead letters").toEqual([...new Set(poison)].toSorted());
    expect(bytes.includes("no message"), "bytes that are no message lie in the dead letters").toBe(true);
    return verdict;
  },

  full: async (trial, _fault, random) => {
    const poison = Array.from({ length: 20 }, (_, index) => index * 5 + random.below(5));
    await trial.fill(0.5);
    const first = trial.work([], { poison, deadLetters: { path: trial.letters, maxBytes: FULL_BYTES } });
    expect((await first.end()).code, first.story).toBe(1);
    const { ids } = await trial.buried();
    expect(ids.size, "letters that fit").toBeGreaterThan(0);
    expect(ids.size, "letters that fit").toBeLessThan(poison.length);
    // The operator was repaired: what was neither worked on nor buried comes again.
    trial.work();
    await trial.fill(1);
    return trial.finish({ isOrdered: true, elsewhere: ids });
  },
};

/** Fills the source, starts a worker, and does something at each place where it waits; the rest is filled in then. */
async function duringWork(
  trial: Trial,
  turns: readonly Turn[],
  happen: (go: () => void, worker: Worker) => Promise<void>,
): Promise<void> {
  await trial.fill(0.6);
  const worker = trial.work(turns);
  for (let count = 1; count <= turns.length; count += 1) {
    await arrival(worker, count);
    await happen(() => worker.order("go"), worker);
  }
  await trial.fill(1);
}

/** Resolves when a worker waits for the n-th time. */
async function arrival(worker: Worker, count: number): Promise<void> {
  const arrivals = (): number => worker.words.filter(({ say }) => say === "at").length;
  await worker.until(() => arrivals() >= count, `it to wait for the ${count}. time`);
}

function retries(worker: Worker): number {
  return worker.words.filter(({ say }) => say === "retrying").length;
}

function stageOf(random: Seeded, { work }: FaultCase): Stage {
  return random.pick(work === "sums" ? ["processing", "publishing"] : ["processing", "publishing", "published"]);
}

function waitAt(at: Stage, random: Seeded): Turn {
  return { at, number: 1 + random.below(at === "processing" ? 50 : 5), when: "before", act: "wait" };
}

/** How often a stage is reached at least, with the share of a life. */
function numberOf(at: Stage, { work }: FaultCase, reader: ReaderName, random: Seeded): number {
  if (at === "committing") {
    // All may be committed in one go, at the end of a time or a run; a cursor writes its first position at the beginning.
    const first = reader === "redis cursor" ? 2 : 1;
    return work === "sums" || reader === "kafka group" ? first : first + random.below(4);
  }
  const messages = MESSAGES / (KILLS + 1);
  if (at === "received" || at === "processing") return 1 + random.below(messages - 10);
  // Of sums there are few: the first result is a Start.
  return work === "sums" ? 2 + random.below(3) : 1 + random.below(messages / 12);
}
