// npm run demo: a simulated detector, its azimuthal integration, and a sink, as three processes joined by ZeroMQ.
//   npm run demo -- --kill    kills the middle one with SIGKILL and starts it again
//   npm run demo -- --keep    runs on until Ctrl-C
//   npm run demo -- --format dectris-v2    the detector speaks as one of DECTRIS does, and pushes
//   npm run demo -- --broker redis    Redis joins them (or kafka, or amqp: RabbitMQ), started for the demo alone
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { type Account, accountText, missingText } from "arroyojs";
import type { Broker } from "arroyojs/testing";
import { BROKERS, type Joint } from "./joints.ts";
import type { Report } from "./report.ts";
import { FORMATS } from "./scan.ts";
import { curveText, LiveTable } from "./screen.ts";

const { values: flags } = parseArgs({
  options: {
    kill: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    frames: { type: "string", default: "500" },
    hz: { type: "string", default: "25" },
    format: { type: "string", default: "native" },
    broker: { type: "string", default: "" },
  },
});

if (!Object.hasOwn(FORMATS, flags.format)) {
  process.stderr.write(`--format: expected ${Object.keys(FORMATS).join(" or ")}, got ${flags.format}\n`);
  process.exit(2);
}

if (flags.broker !== "" && !Object.hasOwn(BROKERS, flags.broker)) {
  process.stderr.write(`--broker: expected ${Object.keys(BROKERS).join(", ")}, got ${flags.broker}\n`);
  process.exit(2);
}
if (flags.broker !== "" && flags.format !== "native") {
  process.stderr.write(`--format: ${flags.format} comes over ZeroMQ; leave --broker out\n`);
  process.exit(2);
}

/** The sink ends with the run, some time after the detector; a broker may have kept much for it. */
const SINK_ENDS_MS = flags.broker === "" ? 10_000 : 60_000;

type Name = "detector" | "reduce" | "sink";
const reports = new Map<Name, Report | "starting" | "killed">([
  ["detector", "starting"],
  ["reduce", "starting"],
  ["sink", "starting"],
]);
const children = new Map<Name, ChildProcess>();
const table = new LiveTable();
let note = "the detector waits for the others";

const broker = await startBroker();
const [raw, reduced] = [await joint("raw", flags.format), await joint("reduced", "native")];
const frames = flags.keep ? "endless" : flags.frames;

process.on("SIGINT", stopAll);
process.on("SIGTERM", stopAll);
process.on("exit", () => {
  for (const child of children.values()) child.kill("SIGKILL");
});

startSink();
startReduce();
const detector = start("detector", JSON.stringify(raw), frames, flags.hz);
const drawing = setInterval(() => table.draw(reports, note), 200);
if (flags.kill) void killTheMiddle(Number(flags.frames));
await once(detector, "exit");
const sink = children.get("sink") as ChildProcess;
if (flags.keep) stopAll();
if (!(await ends(sink, SINK_ENDS_MS))) {
  fail("the Stop of the run did not get through: nobody was there in the middle; take more --frames, or fewer --hz");
}
const reduce = children.get("reduce") as ChildProcess;
reduce.kill("SIGTERM");
if (reduce.exitCode === null && reduce.signalCode === null) await once(reduce, "exit");
clearInterval(drawing);
table.draw(reports, "the run is over");
await broker?.[Symbol.asyncDispose]();
process.exitCode = summary();

/** Tells whether a process ends in time. */
async function ends(child: ChildProcess, ms: number): Promise<boolean> {
  if (child.exitCode !== null) return true;
  const late = new Promise<false>((resolve) => setTimeout(resolve, ms, false).unref());
  return Promise.race([once(child, "exit").then(() => true), late]);
}

function startSink(): void {
  start("sink", JSON.stringify(reduced));
}

function startReduce(): void {
  start("reduce", JSON.stringify(raw), JSON.stringify(reduced));
}

function start(name: Name, ...args: string[]): ChildProcess {
  reports.set(name, "starting");
  const child = fork(new URL(`./${name}.ts`, import.meta.url), args, {
    // Their own words would tear the table; errors come through.
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // A terminal gives Ctrl-C to a whole group, and they are to end one after the other.
    detached: true,
  });
  let said = "";
  child.stderr?.on("data", (text: Buffer) => {
    said = (said + text.toString()).slice(-4_000);
  });
  child.on("message", (report: Report) => {
    reports.set(name, report);
    if (name === "detector" && report.account.events > 0 && note.startsWith("the detector waits")) note = "";
  });
  child.on("exit", (code) => {
    if (code !== 0 && code !== null) fail(`${name} ended with exit code ${code}:\n${said}`);
  });
  children.set(name, child);
  return child;
}

/** Kills the middle process where nobody can be ready for it, and starts it again. */
async function killTheMiddle(frames: number): Promise<void> {
  await reached("reduce", Math.floor(frames * 0.4));
  const middle = children.get("reduce") as ChildProcess;
  note = `kill -9 ${middle.pid}: the process in the middle is gone`;
  middle.kill("SIGKILL");
  await once(middle, "exit");
  reports.set("reduce", "killed");
  await reached("detector", Math.floor(frames * 0.4) + 30);
  note = "the process in the middle is started again";
  startReduce();
}

function reached(name: Name, events: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const report = reports.get(name);
      if (typeof report !== "object" || report.account.events < events) return;
      clearInterval(timer);
      resolve();
    }, 20);
  });
}

/** Prints what became of every frame, and gives the exit code. */
function summary(): number {
  const last = (name: Name): Report | undefined => {
    const report = reports.get(name);
    return typeof report === "object" ? report : undefined;
  };
  const [source, middle, end] = [last("detector"), last("reduce"), last("sink")];
  if (source === undefined || middle === undefined || end === undefined) return 1;
  const { curve = [], repeated = 0 } = end;
  const received = end.account.events - repeated;
  // A terminal that does not know its size says 0.
  const columns = Math.max(40, Math.min(100, process.stdout.columns || 100) - 10);
  process.stdout.write(`\nmean of ${received} curves\n${curveText(curve, columns, 10)}\n`);
  for (const { account } of [source, middle, end]) process.stdout.write(`\n${accountText(account)}\n`);
  const sent = source.account.publishedEvents;
  const unseen = end.missing ?? [];
  const lost = flags.format === "native" ? missing(end.account) : unseen.length;
  if (flags.kill) {
    const had = broker === undefined ? "is missed at the end" : "came once more, from the broker";
    process.stdout.write(`\n(the life that was killed took its own account with it; what it had ${had})\n`);
    if (broker !== undefined) say(`images that came twice: ${repeated}`);
  }
  for (const run of end.account.runs) for (const gap of run.missing ?? []) say(missingText(gap));
  if (flags.format !== "native" && lost > 0) say(`images that never arrived: ${unseen.join(", ")}`);
  if (sent !== received + lost) say(`the account does not add up: ${sent} is not ${received} + ${lost}`);
  say(`sent ${sent}, received ${received}, lost ${lost}`);
  return sent === received + lost ? 0 : 1;
}

function missing({ runs }: Account): number {
  return runs.flatMap((run) => run.missing ?? []).reduce((sum, { events }) => sum + events, 0);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Ends the detector; the others end with its run. */
function stopAll(): void {
  note = "stopping";
  children.get("detector")?.kill("SIGTERM");
}

function fail(reason: string): void {
  clearInterval(drawing);
  process.stderr.write(`${reason}\n`);
  process.exit(1);
}

/** A broker of its own, which goes with this process however that ends; none where ZeroMQ joins the stages. */
async function startBroker(): Promise<Broker | undefined> {
  const start = BROKERS[flags.broker];
  if (start === undefined) return undefined;
  say(`starting ${flags.broker}`);
  return start();
}

async function joint(what: string, format: string): Promise<Joint> {
  const url = broker?.url ?? (await freeAddress());
  return { by: flags.broker, url, name: `demo-${process.pid}-${what}`, format };
}

async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  server.close();
  await once(server, "close");
  return `tcp://127.0.0.1:${port}`;
}
