import { inspect } from "node:util";
import type { Item } from "./plain-source.ts";
import type { ListenerPlan, Plan, PublisherPlan } from "./plan.ts";

const MOST_TRIES = 400;

const PLAIN_LISTENER: Partial<ListenerPlan> = {
  failFirst: 0,
  breaks: [],
  ignoresAbort: false,
  stray: false,
  commitMs: 0,
  acks: "well",
  stays: {},
  after: "end",
};
const PLAIN_PUBLISHER: Partial<PublisherPlan> = {
  way: "sync",
  ms: 0,
  required: true,
  overflow: "block",
  maxMessages: 1_000,
  maxBytes: 1_000_000,
  openFails: 0,
  close: "sync",
  faults: [],
  refusesOneOf: 0,
  stays: {},
};
const PLAIN_BLOCK: Partial<Plan["block"]> = {
  overflow: "block",
  maxMessages: 1_000,
  maxBytes: 1_000_000,
  concurrency: 1,
  unordered: false,
  onError: "fail",
  retries: 0,
  recover: "message",
  guarantee: undefined,
  withoutStart: "drop",
  startWaitMs: 1_000,
  maxOpenRuns: 64,
  processTimeoutMs: undefined,
};

/** Makes a plan as plain as it can be and still fail. */
export async function shrunken(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let smallest = plan;
  let tries = 0;
  for (let smaller = true; smaller && tries < MOST_TRIES; ) {
    smaller = false;
    for (const candidate of plainer(smallest)) {
      tries += 1;
      if (tries >= MOST_TRIES) break;
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      smaller = true;
      break;
    }
  }
  return smallest;
}

/** Prints a plan so that a person can follow it. */
export function planText(plan: Plan): string {
  const listeners = plan.listeners.map(({ items, ...rest }) => ({ ...rest, items: items.map(itemText) }));
  return inspect({ ...plan, listeners }, { depth: 9, breakLength: 140 });
}

function itemText({ id, what, run, afterMs, value, bytes, lost, hop }: Item): string {
  const facts = [`${id} ${what}`, run ?? "-", `+${afterMs} ms`, `value ${value}`, `${bytes} bytes`];
  if (lost === true) facts.push("lost");
  if (hop !== undefined) facts.push(JSON.stringify(hop));
  return facts.join(", ");
}

/** Gives plans with less in them, the largest steps first. */
function* plainer(plan: Plan): Generator<Plan> {
  for (const kills of without(plan.kills)) yield { ...plan, kills };
  if (plan.listeners.length > 1) for (const listeners of without(plan.listeners)) yield { ...plan, listeners };
  if (plan.publishers.length > 1) for (const publishers of without(plan.publishers)) yield { ...plan, publishers };
  if (plan.operator.kinds.length > 1) {
    for (const kinds of without(plan.operator.kinds)) yield { ...plan, operator: { ...plan.operator, kinds } };
  }
  if (plan.end.how !== "by itself") yield { ...plan, end: { ...plan.end, how: "by itself" } };
  for (const [index, listener] of plan.listeners.entries()) {
    const { items } = listener;
    const lengths = [Math.floor(items.length / 2), Math.floor(items.length * 0.8), items.length - 1];
    const shorter = lengths.map((length) => ({ ...listener, items: items.slice(0, length) }));
    for (const one of [...shorter, ...reset(listener, PLAIN_LISTENER)]) {
      yield { ...plan, listeners: plan.listeners.with(index, one) };
    }
    if (listener.kind === "live") continue;
    for (const fewer of lessOf(items)) {
      yield { ...plan, listeners: plan.listeners.with(index, { ...listener, items: fewer }) };
    }
  }
  for (const [index, publisher] of plan.publishers.entries()) {
    for (const one of reset(publisher, PLAIN_PUBLISHER)) {
      yield { ...plan, publishers: plan.publishers.with(index, one) };
    }
  }
  for (const block of reset(plan.block, PLAIN_BLOCK)) yield { ...plan, block };
}

/** Leaves out whole runs and single events, so that what keeps the run rule goes on keeping it. */
function* lessOf(items: readonly Item[]): Generator<Item[]> {
  for (const id of new Set(items.map(({ run }) => run))) yield items.filter(({ run }) => run !== id);
  for (const item of items) if (item.what === "event") yield items.filter((other) => other !== item);
}

/** Says what kind of violation it is, whatever its names and numbers are. */
export function shapeOf(violation: string): string {
  return violation.replaceAll(/"[^"]*"|[a-c](?:-r|-never)?\d*\+?(?= |$)|\d+/g, "_");
}

/** Leaves out each one of a list. */
function* without<T>(list: readonly T[]): Generator<T[]> {
  for (let index = list.length - 1; index >= 0; index -= 1) yield list.toSpliced(index, 1);
}

/** Sets each value that is not plain. */
function* reset<T extends object>(value: T, plain: Partial<T>): Generator<T> {
  for (const key of Object.keys(plain) as (keyof T)[]) {
    if (JSON.stringify(value[key]) !== JSON.stringify(plain[key])) yield { ...value, [key]: plain[key] };
  }
}
