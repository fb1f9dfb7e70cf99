import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "arroyojs";
import { Places } from "../transports/zmq/places.ts";
import { Child, type Ended, untilNews } from "./child.ts";
import { readJournal } from "./journals.ts";
import type { Death } from "./programs/death.ts";
import type { Entry } from "./programs/journal.ts";
import type { BlockWord } from "./programs/speech.ts";
import type { StageOptions, StageOrder } from "./programs/stage.ts";

export type StageName = "detector" | "middle" | "sink";
export const STAGES: readonly StageName[] = ["detector", "middle", "sink"];

/** The implementation of ZeroMQ that each stage uses. */
export type Engines = Readonly<Record<StageName, "libzmq" | "zmtp">>;

/** Names an event by the detector's number and life. */
export interface EventName {
  readonly id: number;
  readonly life: number;
}

/** What a stage says. */
export type StageWord =
  | BlockWord
  | ({ readonly say: "event" } & EventName)
  | { readonly say: "memory"; readonly rss: number };

/** One life of a stage. */
export class Stage extends Child<StageWord, StageOrder> {
  readonly journalPath: string;
  readonly life: number;
  #sent = 0;
  /** The events among the words so far. */
  readonly #events = new Set<string>();
  #looked = 0;

  constructor(options: StageOptions) {
    super(new URL("programs/stage.ts", import.meta.url), { args: [options] });
    this.journalPath = options.journal;
    this.life = options.life;
  }

  /** What its operator saw; of the detector: what it published. */
  get journal(): Entry[] {
    return readJournal(this.journalPath);
  }

  /** The account it gave at its end. */
  get account(): Account {
    const word = this.words.find((one) => one.say === "account");
    if (word?.say !== "account") throw new Error(`${this.journalPath}: gave no account`);
    return word.account;
  }

  async ready(): Promise<void> {
    await this.heard((word) => word.say === "ready", "ready");
  }

  /** How often a run opened here. */
  openings(run: string): number {
    return this.words.filter((word) => word.say === "run" && word.run === run && word.what === "opened").length;
  }

  isComplete(run: string): boolean {
    return this.words.some((word) => word.say === "run" && word.run === run && word.reason === "completed");
  }

  /** Whether an event came here. */
  has({ id, life }: EventName): boolean {
    for (; this.#looked < this.words.length; this.#looked += 1) {
      const word = this.words[this.#looked] as StageWord;
      if (word.say === "event") this.#events.add(`${word.life}:${word.id}`);
    }
    return this.#events.has(`${life}:${id}`);
  }

  /** Lets a detector send events; gives the name of the last one. */
  send(run: string, count: number): EventName {
    this.#sent += count;
    this.order({ send: "events", run, count });
    return { id: this.#sent - 1, life: this.life };
  }

  /** Its resident memory now, in bytes. */
  async memory(): Promise<number> {
    const known = this.words.length;
    const answer = (): StageWord | undefined => this.words.slice(known).find((word) => word.say === "memory");
    this.order({ send: "memory" });
    await this.until(() => answer() !== undefined, "its memory");
    return (answer() as { readonly rss: number }).rss;
  }

  async drained(): Promise<Ended> {
    this.signal("SIGTERM");
    return this.end();
  }
}

/** Three processes joined by PUB/SUB: detector, middle, sink; each can die and be started again. */
export class Chain implements AsyncDisposable {
  readonly #folder: string;
  readonly #places: Places;
  readonly #engines: Engines;
  readonly #raw: string;
  readonly #worked: string;
  readonly #lives = new Map<StageName, Stage[]>(STAGES.map((name) => [name, []]));

  static async open(transport: "tcp" | "ipc", engines: Engines): Promise<Chain> {
    const places = new Places();
    const folder = await mkdtemp(join(tmpdir(), "arroyo-chain-"));
    return new Chain(folder, places, engines, await places.free(transport), await places.free(transport));
  }

  private constructor(folder: string, places: Places, engines: Engines, raw: string, worked: string) {
    this.#folder = folder;
    this.#places = places;
    this.#engines = engines;
    this.#raw = raw;
    this.#worked = worked;
  }

  /** All lives of a stage, oldest first. */
  lives(name: StageName): readonly Stage[] {
    return this.#lives.get(name) as Stage[];
  }

  /** The newest life of a stage. */
  now(name: StageName): Stage {
    return this.lives(name).at(-1) as Stage;
  }

  /** Begins a life of a stage. */
  start(name: StageName, death?: Death): Stage {
    const life = this.lives(name).length;
    const journal = join(this.#folder, `${name}-${life}.jsonl`);
    const ends = {
      detector: { to: this.#raw },
      middle: { from: this.#raw, to: this.#worked },
      sink: { from: this.#worked },
    };
    const engine = this.#engines[name];
    const stage = new Stage({ name, life, journal, engine, ...ends[name], ...(death === undefined ? {} : { death }) });
    this.#lives.get(name)?.push(stage);
    return stage;
  }

  /** Resolves when a condition holds; it is looked at whenever a stage says something or ends. */
  until(condition: () => boolean, what: string): Promise<void> {
    return untilNews(
      STAGES.map((name) => this.now(name)),
      condition,
      what,
    );
  }

  /** Lets all stages drain, the first one first. */
  async drain(): Promise<void> {
    for (const name of STAGES) await this.now(name).drained();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stages = STAGES.flatMap((name) => this.lives(name));
    await Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]()));
    await this.#places[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
