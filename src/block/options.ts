import { UsageError } from "../errors.ts";
import type { Listener } from "../listener/listener.ts";
import type { AnyMessage, Message } from "../message/message.ts";
import type { Step } from "../operator/function-operator.ts";
import { Publisher } from "../publisher/publisher.ts";
import type { Bounds, PublisherEntry } from "../publisher/publisher-entry.ts";
import { OVERFLOWS, type Overflow, type QueueBounds } from "../queue/queue-bounds.ts";

/** Says what happens to a message that cannot be worked on. */
export type Then = "fail" | "skip" | "dead-letter";

/** Says what happens after an error: at once, or after so many further tries. */
export type OnError = Then | { readonly retries?: number; readonly then: Then };

/** Describes a block; its own `overflow`, `maxMessages` and `maxBytes` are those of the queue. */
export interface BlockOptions<In extends AnyMessage = Message, Out extends AnyMessage = Message> extends Bounds {
  readonly name: string;
  readonly description?: string;
  /** The operator says what comes in; only without one the listeners do (`NonNullable` makes them the weaker witness). */
  readonly listeners: readonly Listener<NonNullable<In>>[];
  /** Lets everything through when left out. */
  readonly operator?: Step<In, Out>;
  readonly publishers?: readonly PublisherEntry<Out>[];
  /** A claim that is checked at start; without one nothing is checked, and settlement works the same. */
  readonly guarantee?: "at-least-once" | "at-most-once";
  /** What is given again after a crash: messages, or whole runs from their Start; default `message`. */
  readonly recover?: "message" | "run";
  /** How many calls of `process` may run at once; default 1. */
  readonly concurrency?: number;
  /** Lets results out as they are done, not in the order of what came in. */
  readonly unordered?: boolean;
  /** How long a call of `process` may take; default without limit. */
  readonly processTimeoutMs?: number;
  /** Default `fail`; garbage on a live transport is only counted then. */
  readonly onError?: OnError;
  /** Where dead letters go; default `./dead-letters/NAME`. */
  readonly deadLetters?: { readonly path: string; readonly maxBytes?: number };
  /** How long stopping may take; default 25 000. */
  readonly drainMs?: number;
  /** How long events wait for the Start of their run; default 1 000. */
  readonly startWaitMs?: number;
  /** How long a source with signs of life may be silent; default 10 000. Given, it holds for all live sources. */
  readonly abandonAfterMs?: number;
  /** How many runs may be open; default 64. */
  readonly maxOpenRuns?: number;
  /** What happens to events whose Start did not come; default as the codec says, else `drop`. */
  readonly withoutStart?: "drop" | "make";
}

/** Is the options of a block whose operator stands between its listeners and publishers. */
export interface OptionsWithOperator<In extends AnyMessage, Out extends AnyMessage> extends BlockOptions<In, Out> {
  readonly operator: Step<In, Out>;
}

/** Is the options of a block without an operator: its publishers take what its listeners bring. */
export interface OptionsWithoutOperator<In extends AnyMessage>
  extends Omit<BlockOptions<In, In>, "operator" | "publishers"> {
  readonly operator?: undefined;
  readonly publishers?: readonly PublisherEntry<NoInfer<In>>[];
}

/** Is an entry of `publishers` with everything said. */
export interface PublisherPlace {
  readonly publisher: Publisher<AnyMessage>;
  readonly required: boolean;
  readonly bounds: QueueBounds;
}

/** The values that hold unless others are given. */
export const DEFAULTS: Readonly<{
  queue: QueueBounds;
  outlet: Pick<QueueBounds, "maxMessages" | "maxBytes">;
  drainMs: number;
  startWaitMs: number;
  abandonAfterMs: number;
  maxOpenRuns: number;
}> = Object.freeze({
  queue: { overflow: "block", maxMessages: 10_000, maxBytes: 256 * 1024 * 1024 },
  outlet: { maxMessages: 1_000, maxBytes: 64 * 1024 * 1024 },
  drainMs: 25_000,
  startWaitMs: 1_000,
  abandonAfterMs: 10_000,
  maxOpenRuns: 64,
} as const);

const KEYS: ReadonlySet<string> = new Set([
  "name",
  "description",
  "listeners",
  "operator",
  "publishers",
  "guarantee",
  "recover",
  "concurrency",
  "unordered",
  "processTimeoutMs",
  "onError",
  "deadLetters",
  "drainMs",
  "startWaitMs",
  "abandonAfterMs",
  "maxOpenRuns",
  "withoutStart",
  "overflow",
  "maxMessages",
  "maxBytes",
]);

/** Refuses options that cannot be meant, naming the one. */
export function checkOptions(options: BlockOptions<never, never>): void {
  const { name } = options;
  if (typeof name !== "string" || name === "") throw new UsageError("Block: name must be a text that is not empty");
  const subject = `block ${name}`;
  for (const key of Object.keys(options)) {
    if (!KEYS.has(key))
      throw new UsageError(`${subject}: there is no option "${key}"; there are: ${[...KEYS].join(", ")}`);
  }
  oneOf(subject, "guarantee", options.guarantee, ["at-least-once", "at-most-once"]);
  oneOf(subject, "recover", options.recover, ["message", "run"]);
  oneOf(subject, "withoutStart", options.withoutStart, ["drop", "make"]);
  oneOf(subject, "overflow", options.overflow, OVERFLOWS);
  for (const key of ["concurrency", "maxMessages", "maxBytes", "maxOpenRuns"] as const) {
    whole(subject, key, options[key], 1);
  }
  for (const key of ["processTimeoutMs", "startWaitMs", "abandonAfterMs"] as const) above(subject, key, options[key]);
  whole(subject, "drainMs", options.drainMs, 0);
  checkOnError(subject, options.onError);
}

/** Gives the number of further tries, and what comes after them. */
export function errorRule(onError: OnError = "fail"): { readonly retries: number; readonly resort: Then } {
  if (typeof onError === "string") return { retries: 0, resort: onError };
  return { retries: onError.retries ?? 0, resort: onError.then };
}

/** Gives an entry of `publishers` with everything said. */
export function placeOf(entry: PublisherEntry<AnyMessage>, block: string): PublisherPlace {
  const { outlet } = DEFAULTS;
  if (entry instanceof Publisher) {
    return { publisher: entry, required: true, bounds: { overflow: "block", ...outlet } };
  }
  const { publisher, required = true, overflow, maxMessages, maxBytes } = entry;
  if (!(publisher instanceof Publisher)) {
    throw new UsageError(
      `block ${block}: publishers: expected a publisher or { publisher, ... }, got ${String(entry)}`,
    );
  }
  const subject = `block ${block}: publisher ${publisher.constructor.name}`;
  oneOf(subject, "overflow", overflow, OVERFLOWS);
  whole(subject, "maxMessages", maxMessages, 1);
  whole(subject, "maxBytes", maxBytes, 1);
  if (!required && overflow === "block") {
    throw new UsageError(
      `${subject}: overflow "block" would delay the others, which a publisher with required: false must not; ` +
        "take drop-oldest, drop-newest or latest, or make it required",
    );
  }
  const bounds = {
    overflow: overflow ?? ((required ? "block" : "drop-oldest") as Overflow),
    maxMessages: maxMessages ?? outlet.maxMessages,
    maxBytes: maxBytes ?? outlet.maxBytes,
  };
  return { publisher, required, bounds };
}

function checkOnError(subject: string, onError: OnError | undefined): void {
  if (onError === undefined) return;
  const { retries, resort } = errorRule(onError);
  oneOf(subject, "onError", resort, ["fail", "skip", "dead-letter"]);
  whole(subject, "onError.retries", retries, 0);
}

function oneOf(subject: string, key: string, value: unknown, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value as string)) return;
  throw new UsageError(`${subject}: ${key} must be ${allowed.join(", ")}; got ${JSON.stringify(value)}`);
}

function whole(subject: string, key: string, value: unknown, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)) return;
  throw new UsageError(`${subject}: ${key} must be a whole number from ${least} up; got ${String(value)}`);
}

function above(subject: string, key: string, value: unknown): void {
  if (value === undefined || (typeof value === "number" && value > 0)) return;
  throw new UsageError(`${subject}: ${key} must be a number above 0; got ${String(value)}`);
}
