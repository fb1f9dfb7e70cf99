import { Block } from "../../../src/block/block.ts";
import { ArroyoError, text, UsageError } from "../../../src/errors.ts";
import type { Account } from "../../../src/message/account.ts";
import type { Message } from "../../../src/message/message.ts";
import type { Operator } from "../../../src/operator/operator.ts";
import type { PublisherEntry } from "../../../src/publisher/publisher-entry.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { Seeded } from "../../corpus/seeded.ts";
import { checkBounds, checkEnd, type Ended, hangs } from "./oracle.ts";
import type { Plan, Stay } from "./plan.ts";
import { PlannedListener, SourceState } from "./planned-listener.ts";
import { type PlannedOperator, plannedOperator } from "./planned-operator.ts";
import { type Delivered, type PlannedPublisher, plannedPublisher } from "./planned-publisher.ts";
import { type Life, Records, type SinkRecord } from "./records.ts";
import { WatchedClock } from "./watched-clock.ts";

/** Longer than anything in a history takes. */
const LONGEST_MS = 120_000;
/** A part that hangs is waited for so long after nothing else is. */
const PART_MS = 1_000;

type PlannedPart = PlannedListener | PlannedPublisher;

/** Is one block of a history with all that stands around it. */
export interface Scene {
  readonly plan: Plan;
  readonly records: Records;
  readonly life: Life;
  readonly block: Block;
  readonly operator: Operator;
  readonly clock: VirtualClock;
  readonly watched: WatchedClock;
  readonly parts: readonly PlannedOperator[];
  readonly sinks: readonly { readonly publisher: PlannedPublisher; readonly record: SinkRecord }[];
  readonly states: readonly SourceState[];
}

/** Plays a plan and gives all the rules that it broke; none, when all is well. */
export async function play(plan: Plan): Promise<readonly string[]> {
  const records = new Records(plan);
  const states = plan.listeners.map((listener, index) => new SourceState(listener, index));
  const delivered: Delivered[] = plan.publishers.map((one) => ({ plan: one, messages: [], opens: 0 }));
  const clock = new VirtualClock();
  for (let number = 0; number <= plan.kills.length && records.violations.length === 0; number += 1) {
    records.lives.push({ number, dead: false });
    const scene = sceneOf(plan, records, states, delivered, clock);
    const kill = plan.kills[number];
    const ended = kill === undefined ? await playOut(scene) : await playUntil(scene, kill);
    if (ended !== undefined) {
      checkEnd(scene, ended, delivered);
      break;
    }
  }
  return records.violations;
}

function sceneOf(
  plan: Plan,
  records: Records,
  states: readonly SourceState[],
  delivered: readonly Delivered[],
  clock: VirtualClock,
): Scene {
  const watched = new WatchedClock(clock);
  const { operator, parts } = plannedOperator(records, clock);
  const sinks = delivered.map((one) => plannedPublisher(one, records, clock));
  const { onError, retries, guarantee, processTimeoutMs, ...rest } = plan.block;
  const random = new Seeded(plan.seed);
  const listeners = states.map((state) => new PlannedListener(state, records, clock));
  const block = new Block(
    {
      name: "history",
      ...rest,
      ...(guarantee === undefined ? {} : { guarantee }),
      ...(processTimeoutMs === undefined ? {} : { processTimeoutMs }),
      // biome-ignore lint/suspicious/noThenProperty: the option has this name
      onError: { retries, then: onError },
      abandonAfterMs: 10_000,
      listeners: listeners.filter(({ plan: { stays } }) => stays.fromMs === undefined),
      operator,
      publishers: sinks
        .filter(({ publisher }) => publisher.delivered.plan.stays.fromMs === undefined)
        .map(({ publisher }) => entryOf(publisher)),
    },
    { clock: watched, random: () => random.next() },
  );
  block.on("warning", ({ message }) => records.warnings.push(message));
  const scene = { plan, records, life: records.life, block, operator, clock, watched, parts, sinks, states };
  for (const listener of listeners) planStay(scene, listener.plan.stays, listener);
  for (const { publisher } of sinks) planStay(scene, publisher.delivered.plan.stays, publisher);
  return scene;
}

function entryOf(publisher: PlannedPublisher): PublisherEntry<Message> {
  const { required, overflow, maxMessages, maxBytes } = publisher.delivered.plan;
  return { publisher, required, overflow, maxMessages, maxBytes };
}

/** Puts a part into the running block and takes it out; a block that has ended refuses. */
function planStay({ operator, clock, records, life }: Scene, { fromMs, toMs }: Stay, part: PlannedPart): void {
  const listener = part instanceof PlannedListener;
  const refused = (error: unknown): void => {
    const isUsage = error instanceof UsageError || (error instanceof Error && error.message.startsWith("planned"));
    if (!isUsage) records.violation(`a change to the block failed: ${errorText(error)}`);
  };
  const plan = (ms: number | undefined, change: () => Promise<void>): void => {
    if (ms === undefined) return;
    clock.after(ms, () => {
      if (life.dead) return;
      try {
        change().catch(refused);
      } catch (error) {
        refused(error);
      }
    });
  };
  plan(fromMs, () => (listener ? operator.addListener(part) : operator.addPublisher(entryOf(part))));
  plan(toMs, () => (listener ? operator.removeListener(part) : operator.removePublisher(part)));
}

/** Plays a block to a kill: from then on nothing that it does has any effect. It may end before. */
async function playUntil(scene: Scene, killMs: number): Promise<Ended | undefined> {
  const { clock, watched, life } = scene;
  const untilMs = clock.now() + killMs;
  const end = begin(scene);
  await run(scene, () => end.ended !== undefined || clock.now() >= untilMs, untilMs);
  if (end.ended !== undefined) return end.ended;
  life.dead = true;
  watched.kill();
  void scene.block.stop({ abandon: true });
  await clock.settle();
  return undefined;
}

/** Plays a block to its end, which the plan says or its sources bring about. */
async function playOut(scene: Scene): Promise<Ended> {
  const { plan, records, block, clock, watched } = scene;
  const { how, on, at, deadlineMs } = plan.end;
  const end = begin(scene);
  let latestMs = Number.POSITIVE_INFINITY;
  const stop = (abandon: boolean): void => {
    if (latestMs !== Number.POSITIVE_INFINITY || end.ended !== undefined) return;
    const parts = plan.publishers.length + 3;
    latestMs = clock.now() + (abandon ? 0 : deadlineMs) + parts * PART_MS;
    end.stopped = abandon ? "abandon" : "drain";
    block.stop({ deadlineMs, abandon }).then(end.over, end.over);
  };
  records.onEnd = () => stop(how === "abandon");
  if (how !== "by itself" && on === "time") clock.after(at, () => stop(how === "abandon"));
  const quietMs = clock.now() + LONGEST_MS;
  await run(scene, () => end.ended !== undefined, quietMs);
  if (end.ended === undefined) {
    // A block out of which all listeners were taken waits for others.
    const mustEnd = plan.listeners.every(({ after }) => after === "end") && !hangs(plan);
    if (mustEnd && plan.listeners.some(({ stays }) => stays.fromMs === undefined && stays.toMs === undefined)) {
      records.violation("the sources ended and the block did not");
    }
    stop(false);
    await run(scene, () => end.ended !== undefined, latestMs + 1);
  }
  if (end.ended === undefined) {
    records.violation(`stop did not end the block within ${deadlineMs} ms and a second for each part`);
    life(scene).dead = true;
    return { stopped: end.stopped, account: block.account, error: undefined, puts: records.puts.length, late: true };
  }
  if (clock.now() > latestMs) records.violation(`stop ended ${clock.now() - latestMs} ms after its deadline`);
  if (watched.waiting > 0) records.violation(`${watched.waiting} timers of the block are left after its end`);
  // What hangs or comes late must not do anything any more.
  await clock.advance(12_000);
  return end.ended;
}

function life(scene: Scene): Life {
  return scene.life;
}

interface Ending {
  ended: Ended | undefined;
  stopped: "no" | "drain" | "abandon";
  over: () => void;
}

function begin({ block, records }: Scene): Ending {
  let error: unknown;
  const end: Ending = {
    ended: undefined,
    stopped: "no",
    over: () => {
      const account: Account = block.account;
      end.ended ??= { account, error, stopped: end.stopped, puts: records.puts.length, late: false };
    },
  };
  const failed = (reason: unknown): void => {
    error = reason;
    end.over();
  };
  block
    .start()
    .then(() => block.finished)
    .then(end.over, failed);
  return end;
}

/** Lets time jump from timer to timer, and looks at the bounds after each. */
async function run(scene: Scene, over: () => boolean, untilMs: number): Promise<void> {
  const { clock } = scene;
  for (;;) {
    await clock.settle();
    checkBounds(scene);
    if (over()) return;
    const next = clock.nextMs;
    if (next === undefined || next > untilMs) {
      if (untilMs !== Number.POSITIVE_INFINITY) await clock.advance(Math.max(0, untilMs - clock.now()));
      return;
    }
    await clock.advanceToNext();
  }
}

/** Describes an error for a violation. */
export function errorText(error: unknown): string {
  return error instanceof ArroyoError ? `${error.code}: ${error.message}` : text(error);
}
