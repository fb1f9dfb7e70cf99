import { sourceSent, withFacts } from "../../message/native/rewriting.ts";

/** Says what one client was given. */
export interface Given {
  /** The sequence of the event that it would see next, without a gap. */
  readonly next: number;
  /** How many events of the run in hand it was given; undefined where it came after the run's Start. */
  readonly events: number | undefined;
  /** How many events of the run in hand it was not given since it came. */
  readonly missed: number;
}

/**
 * Gives the header of a Start, Stop or sign of life as it is for one client: what it was not given was left out on
 * purpose, and is not lost. What a Stop tells about the other clients would be wrong for this one.
 */
export function toldTo(header: Uint8Array, given: Given): Uint8Array {
  return withFacts(header, (facts) => {
    const left = leftOf(facts["next"], given);
    if (left === undefined) delete facts["left"];
    else facts["left"] = left;
    const { events, missed } = given;
    // Who came after the Start cannot be told exactly what of the run it was given; what is missing it sees by numbers.
    if (events === undefined) delete facts["sent"];
    else if (Array.isArray(facts["sent"])) facts["sent"] = facts["sent"].map((one) => sentTo(one, events));
    // Where the run begins here, what this client was not given was not sent as far as the end of its chain can know.
    for (const sent of sourceSent(facts)) sent.events = Math.max(0, sent.events - missed);
  });
}

function leftOf(next: unknown, given: Given): Record<string, number> | undefined {
  const left = Object.entries((next ?? {}) as Record<string, number>)
    .map(([topic, sequence]) => [topic, sequence - given.next] as const)
    .filter(([, missing]) => missing > 0);
  return left.length === 0 ? undefined : Object.fromEntries(left);
}

function sentTo(one: unknown, given: number): readonly [string, number, number] {
  const [topic, events, skipped] = one as [string, number, number];
  const got = Math.min(events, given);
  return [topic, got, skipped + events - got];
}
