// `npm run soak`: the chain over all transports, a process for each hop, at a fixed rate for ten minutes; nothing may be
// lost, and no process may grow.
//   -- --minutes 3     shorter or longer
//   -- --hz 500        events a second
//   -- --bytes 16384   about the size of a payload
//   -- --write         puts the table into docs/reliability.md
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Grounds } from "../test/chain/grounds.ts";
import { HOPS, type HopName, type Places } from "../test/chain/hops.ts";
import { Child } from "../test/process/child.ts";
import { writeReliability } from "./reliability-page.mjs";
import { type Sample, trend } from "./soak/memory.ts";
import type { Load, StageOptions, StageWord } from "./soak/stage.ts";

const RUN_SECONDS = 10;
const SAMPLE_EVERY_MS = 5_000;
/** Code is compiled, buffers and caches fill: how long that may take, as a part of all, and at most. */
const WARM_UP = { part: 1 / 3, mostMs: 120_000 };
/**
 * What is alive has grown where it rises by more than this a minute, and by more than this in all, which code that is
 * compiled late and tables that become larger once may take. In MB; over less time nobody can tell.
 */
const GROWN = { aMinute: 0.3, inAll: 2, overMs: 60_000 };
const PATIENCE_MS = 60_000;

const { values: flags } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    hz: { type: "string", default: "200" },
    bytes: { type: "string", default: "4096" },
    write: { type: "boolean", default: false },
  },
});
const minutes = Number(flags.minutes);
const hz = Number(flags.hz);
const bytes = Number(flags.bytes);
if (!(minutes > 0) || !(hz >= 1) || !(bytes >= 48)) {
  throw new Error("soak: expected --minutes above 0, --hz from 1 on, and --bytes from 48 on");
}
const runs = Math.max(1, Math.round((minutes * 60) / RUN_SECONDS));
const load: Load = { hz, bytes, runs, runEvents: Math.round(hz * RUN_SECONDS) };

/** One process, with what it was seen to need. */
class Stage extends Child<StageWord> {
  readonly hop: HopName;
  readonly samples: Sample[] = [];
  #looked = 0;

  constructor(hop: HopName, places: Places) {
    const options: StageOptions = { hop, places, load };
    super(new URL("soak/stage.ts", import.meta.url), { flags: ["--expose-gc"], args: [options] });
    this.hop = hop;
  }

  async ready(): Promise<void> {
    await this.until(() => this.words.some(({ say }) => say === "ready"), `${this.hop} to be ready`, PATIENCE_MS);
  }

  /** Keeps the samples among its words, and asks for another one. */
  sample(atMs: number): void {
    for (; this.#looked < this.words.length; this.#looked += 1) {
      const word = this.words[this.#looked] as StageWord;
      if (word.say === "memory") this.samples.push({ atMs, live: word.live, rss: word.rss });
    }
    if (this.ended === undefined) this.order("memory");
  }

  get account(): Extract<StageWord, { say: "account" }>["account"] | undefined {
    return this.words.findLast((word) => word.say === "account")?.account;
  }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Lets all runs pass; gives the stages with all they said. */
async function soak(places: Places, stages: readonly Stage[], beganAt: number): Promise<void> {
  const [detector, sink] = [stages[0] as Stage, stages.at(-1) as Stage];
  await Promise.all(stages.map((stage) => stage.ready()));
  say(`${stages.length} processes are ready: ${load.runs} runs of ${load.runEvents} events, ${hz} a second`);
  const came = (): number => sink.words.filter((word) => word.say === "came").length;
  const sampling = setInterval(() => {
    for (const stage of stages) stage.sample(performance.now() - beganAt);
  }, SAMPLE_EVERY_MS);
  const telling = setInterval(() => say(`${came()} of ${load.runs} runs came`), 30_000);
  try {
    await detector.end(minutes * 60_000 + PATIENCE_MS);
    await sink.until(() => came() >= load.runs, `all ${load.runs} runs at ${places.name}`, PATIENCE_MS);
  } finally {
    clearInterval(sampling);
    clearInterval(telling);
  }
  for (const stage of stages.slice(1)) {
    stage.signal("SIGTERM");
    await stage.end(PATIENCE_MS);
  }
}

/** Compares what the detector says it sent with what the sink saw, run by run; gives what is wrong. */
function faultsOf(stages: readonly Stage[]): string[] {
  const faults: string[] = [];
  const came = new Map(
    (stages.at(-1) as Stage).words.flatMap((word) => (word.say === "came" ? [[word.run, word]] : [])),
  );
  const sent = (stages[0] as Stage).words.flatMap((word) => (word.say === "sent" ? [word] : []));
  if (sent.length !== load.runs) faults.push(`${sent.length} of ${load.runs} runs were sent`);
  for (const { run, events } of sent) {
    const there = came.get(run);
    if (there === undefined) faults.push(`${run} never came`);
    else {
      const { events: got, last, twice } = there;
      if (got !== events || last !== events - 1)
        faults.push(`${run}: ${events} sent, ${got} came, the last is ${last}`);
      if (twice > 0) faults.push(`${run}: ${twice} came twice`);
      faults.push(...there.faults.slice(0, 5));
    }
  }
  for (const { hop, ended, account } of stages) {
    if (ended?.code !== 0) faults.push(`${hop}: ended with ${ended?.code ?? ended?.signal}`);
    if (account === undefined) faults.push(`${hop}: gave no account`);
    else if (account.lost !== 0 || account.dropped + account.failed + account.dead + account.left > 0) {
      faults.push(`${hop}: its account has losses`);
    }
  }
  return faults;
}

/** Makes the table; `grown` are the processes that did. */
function table(stages: readonly Stage[]): { readonly lines: readonly string[]; readonly grown: readonly string[] } {
  const head =
    "| process | events | lost | alive at least at first, MB | at last | growth, MB/min | resident at least at first, MB | at last | growth, MB/min |";
  const lines = [head, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"];
  const grown: string[] = [];
  const two = (value: number): string => value.toFixed(2);
  const one = (value: number): string => value.toFixed(1);
  for (const { hop, account, samples } of stages) {
    const last = samples.at(-1)?.atMs ?? 0;
    const warmMs = Math.min(WARM_UP.mostMs, last * WARM_UP.part);
    const warm = samples.filter(({ atMs }) => atMs >= warmMs);
    const [live, rss] = [trend(warm, "live"), trend(warm, "rss")];
    const isGrown = live.growth > GROWN.aMinute && live.last - live.first > GROWN.inAll;
    if (isGrown && last - warmMs >= GROWN.overMs) {
      grown.push(`${hop}: what is alive grows by ${two(live.growth)} MB a minute`);
    }
    const memory = [one(live.first), one(live.last), two(live.growth), one(rss.first), one(rss.last), two(rss.growth)];
    lines.push(`| ${[hop, account?.events, account?.lost, ...memory].join(" | ")} |`);
  }
  return { lines, grown };
}

async function main(): Promise<number> {
  say("starting Kafka, Redis and RabbitMQ");
  await using grounds = await Grounds.start();
  const places = await grounds.places();
  const stages = HOPS.map((hop) => new Stage(hop, places));
  try {
    await soak(places, stages, performance.now());
  } finally {
    await Promise.all(stages.map((stage) => stage[Symbol.asyncDispose]()));
  }
  const { lines, grown } = table(stages);
  const faults = [...faultsOf(stages), ...grown];
  const sent = load.runs * load.runEvents;
  const text = [
    "",
    `Last soak: ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} CPUs, ${minutes} minutes:`,
    `${load.runs} runs of ${load.runEvents} events, ${hz} a second, of about ${bytes} B, over ZeroMQ, Kafka, Redis, RabbitMQ,`,
    `a capture, its replay and WebSocket: ${sent} sent, **${faults.length === 0 ? "all of them came, once, as they were sent" : `wrong: ${faults.length} things`}**.`,
    "",
    ...lines,
    "",
  ];
  say(text.join("\n"));
  for (const fault of faults) say(fault);
  if (flags.write) writeReliability("soak", text);
  return faults.length === 0 ? 0 : 1;
}

process.exitCode = await main();
