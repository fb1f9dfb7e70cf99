import type { Seeded } from "../../corpus/seeded.ts";
import type { Item, ItemHop } from "./plain-source.ts";

const TOPICS = ["", "x"] as const;

/** Counts like a publisher does: it says what it sent, what it left out and what is open. */
class Upstream {
  readonly items: Item[] = [];
  readonly open = new Map<string, Map<string, { events: number; skipped: number }>>();
  readonly past: string[] = [];
  readonly #name: string;
  readonly #random: Seeded;
  readonly #falls: boolean;
  #life = 0;
  #lifecycle = 0;
  #topics = new Map<string, { next: number; skipped: number }>();
  #starts = new Map<string, { origin: number; sequence: number }>();
  #origin = 0;

  /** `falls`: falls silent now and then. */
  constructor(name: string, random: Seeded, falls: boolean) {
    this.#falls = falls;
    this.#name = name;
    this.#random = random;
  }

  /** A new life: nothing is open in it and all numbers begin again. */
  restart(): string[] {
    const were = [...this.open.keys()];
    this.#life += 1;
    this.#lifecycle = 0;
    this.#topics = new Map();
    this.#starts = new Map();
    this.open.clear();
    return were;
  }

  start(run: string, lost: boolean): void {
    this.open.set(run, new Map());
    this.#starts.set(run, { origin: this.#origin, sequence: this.#lifecycle });
    this.#push("start", run, this.#hop("lifecycle", this.#lifecycle++, this.#numbers()), lost);
  }

  /** A Start once more, as a late joiner gets it. */
  again(run: string): void {
    const first = this.#starts.get(run);
    if (first === undefined) return;
    const hop = this.#hop("lifecycle", first.sequence, { ...this.#numbers(), copy: true });
    this.#push("start", run, hop, false, { origin: first.origin, resumed: true });
  }

  event(run: string | undefined, lost: boolean, twice: boolean): void {
    const name = this.#random.pick(TOPICS);
    const topic = this.#topic(name);
    const hop = this.#hop(name, topic.next, { skipped: topic.skipped });
    topic.next += 1;
    topic.skipped = 0;
    if (run !== undefined) this.#counts(run, name).events += 1;
    this.#push("event", run, hop, lost);
    const first = this.items.at(-1) as Item;
    if (twice && !lost) this.items.push({ ...first, id: `${first.id}+` });
  }

  leaveOut(run: string | undefined): void {
    const name = this.#random.pick(TOPICS);
    const topic = this.#topic(name);
    topic.next += 1;
    topic.skipped += 1;
    if (run !== undefined) this.#counts(run, name).skipped += 1;
  }

  stop(run: string, lost: boolean): void {
    const sent = Array.from(this.open.get(run) ?? [], ([topic, counts]) => ({ topic, ...counts }));
    this.#push("stop", run, this.#hop("lifecycle", this.#lifecycle++, { ...this.#numbers(), sent }), lost);
    this.open.delete(run);
    this.#starts.delete(run);
    this.past.push(run);
  }

  alive(): void {
    const hop = this.#hop("lifecycle", this.#lifecycle, { ...this.#numbers(), open: [...this.open.keys()] });
    this.#push("alive", undefined, hop, false);
  }

  odd(what: "control" | "garbage"): void {
    this.#push(what, undefined, undefined, false);
  }

  #push(
    what: Item["what"],
    run: string | undefined,
    hop: ItemHop | undefined,
    lost: boolean,
    more: { origin: number; resumed: boolean } = { origin: this.#origin++, resumed: false },
  ): void {
    const random = this.#random;
    this.items.push({
      id: `${this.#name}${this.items.length}`,
      what,
      // Now and then there is no sign of life for longer than a source may be silent.
      afterMs: this.#falls && random.chance(0.01) ? 11_000 : random.pick([0, 0, 0, 0, 1, 5, 30, 200, 900]),
      value: 1 + random.below(30),
      bytes: what === "event" ? random.pick([0, 1, 8, 60, 300]) : 0,
      stream: this.#name,
      ...more,
      ...(run === undefined ? {} : { run }),
      ...(hop === undefined ? {} : { hop }),
      ...(lost ? { lost } : {}),
    });
  }

  #hop(topic: string, sequence: number, more: Partial<ItemHop>): ItemHop {
    const incarnation = `${this.#name}-life-${this.#life}`;
    return { incarnation, topic, sequence, skipped: 0, copy: false, ...more };
  }

  #numbers(): Pick<ItemHop, "next" | "left"> {
    const topics = [...this.#topics];
    return {
      next: topics.map(([name, { next }]) => [name, next]),
      left: topics.map(([name, { skipped }]) => [name, skipped]),
    };
  }

  #topic(name: string): { next: number; skipped: number } {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { next: 0, skipped: 0 };
      this.#topics.set(name, topic);
    }
    return topic;
  }

  #counts(run: string, topic: string): { events: number; skipped: number } {
    const ofRun = this.open.get(run) as Map<string, { events: number; skipped: number }>;
    let counts = ofRun.get(topic);
    if (counts === undefined) {
      counts = { events: 0, skipped: 0 };
      ofRun.set(topic, counts);
    }
    return counts;
  }
}

/**
 * Makes what comes over a hop that loses, repeats and joins late. A clean one loses events only: Starts, Stops and the
 * last sign of life come, so that each loss can be known.
 */
export function someLiveItems(random: Seeded, name: string, clean: boolean): Item[] {
  const upstream = new Upstream(name, random, !clean);
  const loses = random.chance(0.5);
  const lostEvent = (): boolean => loses && random.chance(0.2);
  const lostLifecycle = (): boolean => !clean && random.chance(0.15);
  const length = 3 + random.below(22);
  let runs = 0;
  upstream.alive();
  while (upstream.items.length < length) {
    const choice = random.next();
    const open = [...upstream.open.keys()];
    const run = open.length === 0 ? undefined : random.pick(open);
    if (choice < 0.16 && open.length < 3) {
      const past = upstream.past.length > 0 && random.chance(0.15) ? upstream.past.pop() : undefined;
      upstream.start(past ?? `${name}-r${runs++}`, lostLifecycle());
    } else if (choice < 0.26 && run !== undefined) upstream.stop(run, lostLifecycle());
    else if (choice < 0.32 && run !== undefined) upstream.again(run);
    else if (choice < 0.38 && (run !== undefined || !clean)) upstream.leaveOut(run);
    else if (choice < 0.43) upstream.alive();
    else if (choice < 0.46) upstream.odd(random.pick(["control", "garbage"]));
    else if (!clean && choice < 0.5) {
      const were = upstream.restart();
      for (const one of were) if (random.chance(0.6)) upstream.start(one, lostLifecycle());
    } else if (choice > 0.93) upstream.event(undefined, lostEvent(), false);
    else if (run !== undefined) upstream.event(run, lostEvent(), random.chance(0.05));
  }
  if (clean || random.chance(0.6)) {
    for (const run of [...upstream.open.keys()]) upstream.stop(run, lostLifecycle());
    upstream.alive();
  }
  return upstream.items;
}
