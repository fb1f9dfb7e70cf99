import type { Seeded } from "../../corpus/seeded.ts";

/** Is one thing that a source brings. */
export interface Item {
  /** Names the message for good, over all attempts and lives. */
  readonly id: string;
  readonly what: "start" | "event" | "stop" | "control" | "alive" | "garbage";
  readonly afterMs: number;
  readonly run?: string;
  readonly value: number;
  readonly bytes: number;
  /** Whether it is lost on the way; it stays in the list so that the numbers of the others can be understood. */
  readonly lost?: boolean;
  readonly resumed?: boolean;
  readonly hop?: ItemHop;
  /** The number of an event's or lifecycle message's origin. */
  readonly origin: number;
  readonly stream: string;
}

/** Is what formats with incarnations say of a message; maps are lists of pairs here. */
export interface ItemHop {
  readonly incarnation: string;
  readonly topic: string;
  readonly sequence: number;
  readonly skipped: number;
  readonly copy: boolean;
  readonly next?: readonly (readonly [string, number])[];
  readonly left?: readonly (readonly [string, number])[];
  readonly sent?: readonly { readonly topic: string; readonly events: number; readonly skipped: number }[];
  readonly open?: readonly string[];
}

/** Makes the messages of a source without facts of its hop: runs beside each other and events without one. */
export function somePlainItems(random: Seeded, name: string, clean: boolean): Item[] {
  const items: Item[] = [];
  const open: string[] = [];
  const past: string[] = [];
  const push = (what: Item["what"], run: string | undefined, bytes: number): void => {
    items.push({
      id: `${name}${items.length}`,
      what,
      afterMs: random.pick([0, 0, 0, 0, 1, 5, 30, 200]),
      value: 1 + random.below(30),
      bytes,
      origin: items.length,
      stream: name,
      ...(run === undefined ? {} : { run }),
    });
  };
  const length = 2 + random.below(22);
  for (let runs = 0; items.length < length; ) {
    const choice = random.next();
    const at = random.below(Math.max(1, open.length));
    const run = open[at];
    if (!clean && choice < 0.12) pushOdd(random, push, [...open, ...past, `${name}-never`]);
    else if (choice < 0.25 && open.length < 3) {
      // Now and then a run has an id that was there before.
      const id = past.length > 0 && random.chance(0.15) ? (past.pop() as string) : `${name}-r${runs++}`;
      open.push(id);
      push("start", id, 0);
    } else if (choice < 0.4 && run !== undefined) {
      open.splice(at, 1);
      past.push(run);
      push("stop", run, 0);
    } else if (run !== undefined || choice > 0.9) {
      push("event", choice > 0.9 ? undefined : run, random.pick([0, 1, 8, 8, 60, 300]));
    }
  }
  if (random.chance(0.7)) for (const run of open) push("stop", run, 0);
  return items;
}

function pushOdd(
  random: Seeded,
  push: (what: Item["what"], run: string | undefined, bytes: number) => void,
  runs: readonly string[],
): void {
  const what = random.pick(["start", "event", "stop", "garbage"] as const);
  push(what, what === "garbage" ? undefined : random.pick(runs), what === "event" ? 8 : 0);
}
