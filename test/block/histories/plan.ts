import type { Overflow } from "../../../src/queue/queue-bounds.ts";
import { Seeded } from "../../corpus/seeded.ts";
import { someLiveItems } from "./live-source.ts";
import { type Item, somePlainItems } from "./plain-source.ts";

/** Says all that is random in a history, as plain data, so that it can be printed, repeated and made smaller. */
export interface Plan {
  readonly seed: number;
  readonly listeners: readonly ListenerPlan[];
  readonly operator: OperatorPlan;
  readonly publishers: readonly PublisherPlan[];
  readonly block: BlockPlan;
  readonly end: EndPlan;
  /** Milliseconds after which each block before the last is killed, so that the next one begins at the log's commit. */
  readonly kills: readonly number[];
}

export interface ListenerPlan {
  readonly kind: "plain" | "live" | "log";
  readonly items: readonly Item[];
  /** Whether what it brings keeps the run rule by itself. */
  readonly clean: boolean;
  /** After the last item: the source ends, or stays open and silent. */
  readonly after: "end" | "stay";
  /** Attempts to connect that fail first. */
  readonly failFirst: number;
  /** Indices of items after which the connection breaks once. */
  readonly breaks: readonly number[];
  readonly ignoresAbort: boolean;
  /** Puts an event and a Start after it returned. */
  readonly stray: boolean;
  /** Log: how long a commit takes; 0 is at once. */
  readonly commitMs: number;
  /** What some acknowledgements and commits do instead of what they should. */
  readonly acks: "well" | "throw" | "reject";
  readonly stays: Stay;
}

/** Says when something is put into a running block and taken out; at first and at last, where nothing is said. */
export interface Stay {
  readonly fromMs?: number;
  readonly toMs?: number;
}

export type OperatorKind =
  | "pass"
  | "filter"
  | "flat"
  | "batch"
  | "batch-timer"
  | "batch-runs"
  | "async"
  | "throwing"
  | "hanging"
  | "sum";

export interface OperatorPlan {
  readonly kinds: readonly OperatorKind[];
  /** How many events a batch has. */
  readonly size: number;
  /** The longest that an asynchronous call takes. */
  readonly ms: number;
  /** One of so many events is thrown at. */
  readonly oneOf: number;
  /** How often it throws at the same message. */
  readonly times: number;
  readonly throwsAtLifecycle: boolean;
}

/**
 * The connection breaks before the message is there, or after; it is broken for good; the message is refused, or never
 * answered.
 */
export type PublishFault = "retryable" | "ambiguous" | "fatal" | "refuse" | "hang";

export interface PublisherPlan {
  readonly way: "sync" | "async" | "batch";
  readonly ms: number;
  readonly required: boolean;
  readonly overflow: Overflow;
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly openFails: number;
  readonly close: "sync" | "async" | "hang" | "throw";
  /** What happens at which call of `publish`, by its number. */
  readonly faults: readonly { readonly at: number; readonly fault: PublishFault }[];
  /** Events with such a value are always refused; 0 for none. */
  readonly refusesOneOf: number;
  readonly stays: Stay;
}

export interface BlockPlan {
  readonly overflow: Overflow;
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly concurrency: number;
  readonly unordered: boolean;
  readonly onError: "fail" | "skip";
  readonly retries: number;
  readonly recover: "message" | "run";
  readonly guarantee: "at-most-once" | undefined;
  readonly withoutStart: "drop" | "make";
  readonly startWaitMs: number;
  readonly maxOpenRuns: number;
  readonly processTimeoutMs: number | undefined;
}

export interface EndPlan {
  /** By itself, by a stop, or by a stop that finishes nothing. */
  readonly how: "by itself" | "drain" | "abandon";
  /** A time in the history, or the number of a call. */
  readonly on: "time" | "put" | "process" | "publish" | "settle";
  readonly at: number;
  readonly deadlineMs: number;
}

/** What a history is about: all kinds of sources beside each other, or one of them. */
const THEMES = ["any", "any", "any", "log", "log", "live", "live", "run"] as const;

/** Makes a plan from a seed. */
export function planOf(seed: number): Plan {
  const random = new Seeded(seed * 2 + 1);
  const theme = random.pick(THEMES);
  const recover = theme === "run" ? "run" : "message";
  const listeners = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, (_, index) =>
    someListener(random, "abc"[index] as string, theme),
  );
  const killable = listeners.every(({ kind }) => kind === "log");
  const operator = someOperator(random, recover === "run");
  const publishers = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, (_, index) => somePublisher(random, index));
  const kills =
    killable && random.chance(0.7) ? Array.from({ length: 1 + random.below(3) }, () => random.below(80)) : [];
  return {
    seed,
    listeners,
    operator,
    publishers,
    block: someBlock(random, recover, operator),
    end: someEnd(random),
    kills,
  };
}

function someListener(random: Seeded, name: string, theme: (typeof THEMES)[number]): ListenerPlan {
  const kind = theme === "any" ? random.pick(["plain", "live", "log"] as const) : theme === "live" ? "live" : "log";
  const clean = random.chance(kind === "log" ? 0.9 : 0.5);
  const items = kind === "live" ? someLiveItems(random, name, clean) : somePlainItems(random, name, clean);
  return {
    kind,
    items,
    clean,
    after: random.chance(0.6) ? "end" : "stay",
    failFirst: random.chance(0.15) ? 1 + random.below(2) : 0,
    breaks: random.chance(0.25) ? [random.below(items.length + 1)] : [],
    ignoresAbort: random.chance(0.08),
    stray: random.chance(0.08),
    commitMs: random.pick([0, 0, 1, 40]),
    acks: random.chance(0.1) ? random.pick(["throw", "reject"] as const) : "well",
    stays: someStay(random),
  };
}

const MAY_BE_FIRST: readonly OperatorKind[] = [
  "pass",
  "pass",
  "filter",
  "flat",
  "batch",
  "batch-timer",
  "batch-runs",
  "async",
  "async",
  "throwing",
  "hanging",
  "sum",
];
const MAY_BE_SECOND: readonly OperatorKind[] = ["pass", "filter", "flat", "async", "batch", "batch-timer", "sum"];
/** So many of them keep no state of a run. */
const STATELESS = 4;

function someOperator(random: Seeded, sums: boolean): OperatorPlan {
  const first = sums && random.chance(0.8) ? "sum" : random.pick(MAY_BE_FIRST);
  const stateless = first === "batch-runs" || first === "sum";
  const second = random.pick(stateless ? MAY_BE_SECOND.slice(0, STATELESS) : MAY_BE_SECOND);
  const kinds = random.chance(0.25) ? [first, second] : [first];
  return {
    kinds,
    size: 1 + random.below(4),
    // Less than the time-out of a call that hangs.
    ms: random.pick(kinds.includes("hanging") ? [0, 1, 20] : [0, 1, 20, 300]),
    oneOf: 2 + random.below(5),
    times: random.pick([1, 1, 2, 1_000]),
    throwsAtLifecycle: kinds.length === 1 && random.chance(0.15),
  };
}

function somePublisher(random: Seeded, index: number): PublisherPlan {
  const required = index === 0 ? random.chance(0.95) : random.chance(0.5);
  const lossy = required ? random.chance(0.12) : true;
  return {
    way: random.pick(["sync", "async", "async", "batch"] as const),
    ms: random.pick([0, 1, 10, 200]),
    required,
    overflow: lossy ? random.pick(["drop-oldest", "drop-newest", "latest"] as const) : "block",
    maxMessages: random.chance(0.5) ? 1 + random.below(4) : 1_000,
    maxBytes: random.chance(0.2) ? 50 + random.below(500) : 1_000_000,
    openFails: random.chance(0.12) ? 1 + random.below(3) : 0,
    close: random.pick(["sync", "sync", "sync", "async", "async", "hang", "throw"] as const),
    faults: random.chance(0.35) ? someFaults(random) : [],
    refusesOneOf: random.chance(0.1) ? 2 + random.below(4) : 0,
    stays: index === 0 ? {} : someStay(random),
  };
}

const OFTEN: readonly PublishFault[] = ["retryable", "ambiguous"];
const FAULTS: readonly PublishFault[] = [...OFTEN, ...OFTEN, ...OFTEN, "refuse", "refuse", "hang", "fatal"];

function someStay(random: Seeded): Stay {
  if (random.chance(0.85)) return {};
  const fromMs = random.chance(0.6) ? random.pick([0, 3, 40, 250]) : undefined;
  const toMs = random.chance(0.6) ? (fromMs ?? 0) + random.pick([1, 20, 200, 1_000]) : undefined;
  return { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
}

function someFaults(random: Seeded): { at: number; fault: PublishFault }[] {
  return Array.from({ length: 1 + random.below(3) }, () => ({
    at: 1 + random.below(12),
    fault: random.pick(FAULTS),
  }));
}

function someBlock(random: Seeded, recover: "message" | "run", operator: OperatorPlan): BlockPlan {
  const hangs = operator.kinds.includes("hanging");
  const stateful = operator.kinds.some((kind) => kind.startsWith("batch") || kind === "sum");
  return {
    overflow: random.chance(0.7) ? "block" : random.pick(["drop-oldest", "drop-newest", "latest"] as const),
    maxMessages: random.chance(0.5) ? 1 + random.below(6) : 1_000,
    maxBytes: random.chance(0.2) ? 200 + random.below(2_000) : 1_000_000,
    // Operators that keep state are written for one call at a time.
    concurrency: stateful ? 1 : random.pick([1, 1, 2, 4]),
    unordered: !stateful && random.chance(0.2),
    onError: random.chance(0.5) ? "skip" : "fail",
    retries: random.pick([0, 0, 1, 3]),
    recover,
    guarantee: recover === "message" && random.chance(0.05) ? "at-most-once" : undefined,
    withoutStart: random.chance(0.25) ? "make" : "drop",
    startWaitMs: random.pick([1_000, 1_000, 50]),
    maxOpenRuns: random.chance(0.1) ? 1 + random.below(2) : 64,
    processTimeoutMs: hangs ? 150 : undefined,
  };
}

function someEnd(random: Seeded): EndPlan {
  const how = random.pick(["by itself", "by itself", "drain", "drain", "abandon"] as const);
  const on = random.pick(["time", "time", "put", "process", "publish", "settle"] as const);
  return {
    how,
    on,
    at: on === "time" ? random.pick([0, 1, 10, 100, 500, 2_000, 20_000]) : 1 + random.below(12),
    deadlineMs: random.pick([0, 5, 100, 25_000, 25_000]),
  };
}
