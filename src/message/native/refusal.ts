import type { Written } from "../codec.ts";
import { originPlace } from "./lazy-event.ts";
import { isHeader, KIND, skippedOf } from "./prelude.ts";
import { sourceSent, withFacts, withSkipped } from "./rewriting.ts";
import { readTopic } from "./topic.ts";

/** Says what a message that was refused leaves for the next ones to tell. */
export interface Refusal {
  /** The topic of an event; undefined for a Start or Stop. */
  readonly topic: string | undefined;
  readonly run: string | undefined;
  /** True where it has its origin here. */
  readonly isSource: boolean;
  /** How many messages are missing with it: itself, and those that it would have told of. */
  readonly missing: number;
}

/** Looks at a message that was refused; undefined where it has no header. */
export function refusalOf(message: Written["message"], wire: Written["wire"]): Refusal | undefined {
  const frames = wire[0] ?? [];
  const header = frames.find(isHeader);
  if (header === undefined) return undefined;
  const isEvent = message.type === "event";
  return {
    topic: isEvent ? topicOf(frames) : undefined,
    run: message.run,
    isSource: isEvent && originPlace(message) === undefined,
    missing: skippedOf(header) + 1,
  };
}

/**
 * Lets those that were written later tell of it: the next one of its topic says what is missing before it, and up to
 * there Starts and Stops do; the Stop of its run says that it was left out. What was given stays as it is.
 */
export function tellLater(
  refusal: Refusal,
  later: readonly Written[],
): { readonly messages: readonly Written[]; readonly isTold: boolean } {
  let isTold = false;
  const messages = later.map((written): Written => {
    const { message, wire } = written;
    const frames = wire[0] ?? [];
    const at = frames.findIndex(isHeader);
    if (at < 0) return written;
    const header = frames[at] as Uint8Array;
    const isEvent = header[4] === KIND.event;
    const isNext = !isTold && (isEvent ? topicOf(frames) : undefined) === refusal.topic;
    let told = header;
    if (isNext) {
      isTold = true;
      told = withSkipped(header, skippedOf(header) + refusal.missing);
    } else if (!isEvent && refusal.topic !== undefined) {
      const isItsStop = message.type === "stop" && message.run === refusal.run;
      if (!isTold || isItsStop) told = lifecycleTold(header, refusal, { isTold, isItsStop });
    }
    return told === header ? written : { message, wire: [frames.with(at, told), ...wire.slice(1)] };
  });
  return { messages, isTold };
}

function lifecycleTold(
  header: Uint8Array,
  { topic = "", missing, isSource }: Refusal,
  { isTold, isItsStop }: { readonly isTold: boolean; readonly isItsStop: boolean },
): Uint8Array {
  return withFacts(header, (facts) => {
    if (!isTold) {
      const left = (facts["left"] ?? {}) as Readonly<Record<string, number>>;
      facts["left"] = { ...left, [topic]: (left[topic] ?? 0) + missing };
    }
    if (!isItsStop) return;
    if (Array.isArray(facts["sent"])) {
      facts["sent"] = facts["sent"].map(([name, events, skipped]: [string, number, number]) =>
        name === topic ? [name, events - 1, skipped + 1] : [name, events, skipped],
      );
    }
    if (!isSource) return;
    for (const sent of sourceSent(facts)) if (sent.partition === topic) sent.events -= 1;
  });
}

function topicOf(frames: readonly Uint8Array[]): string {
  const [first] = frames;
  return first === undefined || isHeader(first) ? "" : readTopic(first);
}
