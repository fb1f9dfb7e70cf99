import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { Block, Event, type Inlet, Listener, type Message, Start, Stop } from "../../src/index.ts";
import { ZmqListener, ZmqPublisher } from "../../src/transports/zmq/index.ts";
import { Program } from "./program.ts";
import { testIo } from "./test-io.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Makes a folder with a configuration; `arroyojs` is this repository there. */
function project(yaml: (cwd: string) => string, files: Readonly<Record<string, string>> = {}): string {
  const cwd = mkdtempSync(join(tmpdir(), "arroyo-signals-"));
  folders.push(cwd);
  writeFileSync(join(cwd, "package.json"), '{"type":"module"}');
  writeFileSync(join(cwd, "arroyo.yaml"), yaml(cwd));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return cwd;
}

const between = (cwd: string): string => `blocks:
  - name: between
    listeners: [{ use: zmq, options: { connect: "ipc://${cwd}/from", reconnectMaxMs: 100 } }]
    publishers: [{ use: zmq, options: { bind: "ipc://${cwd}/to", waitForSubscribers: 1 } }]
`;

/** Puts what a test tells it to. */
class Told extends Listener {
  inlet!: Inlet;
  override start(inlet: Inlet, signal: AbortSignal): Promise<void> {
    this.inlet = inlet;
    inlet.ready();
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }
}

const NOTHING = new Uint8Array(0);

/** A detector before and a store behind what is tested. */
async function neighbours(cwd: string) {
  const told = new Told();
  const seen: string[] = [];
  let look: () => void = () => undefined;
  const detector = new Block({
    name: "detector",
    listeners: [told],
    publishers: [new ZmqPublisher({ bind: `ipc://${cwd}/from`, waitForSubscribers: 1 })],
  });
  const store = new Block({
    name: "store",
    listeners: [new ZmqListener({ connect: `ipc://${cwd}/to`, reconnectMaxMs: 100 })],
    operator: (message: Message) => {
      const { type } = message;
      if (type === "start") seen.push(message.resumed ? "start, resumed" : "start");
      else if (type === "stop") seen.push(message.reason);
      else seen.push(`event ${String(message.metadata["n"])}`);
      look();
      return undefined;
    },
  });
  await store.start();
  return {
    seen,
    detector,
    put: async (...messages: Message[]) => {
      for (const message of messages) await told.inlet.put(message);
    },
    until: (last: string) =>
      new Promise<void>((resolve) => {
        look = () => seen.at(-1) === last && resolve();
        look();
      }),
    async [Symbol.asyncDispose]() {
      await detector.stop({ abandon: true });
      await store.stop({ abandon: true });
    },
  };
}

const event = (n: number): Message => new Event({ n }, NOTHING, { run: "scan-7" });

describe("a run is open", () => {
  test.each(["SIGHUP", "a restart"])("%s - interrupted here, resumed there", { timeout: 60_000 }, async (how) => {
    const cwd = project(between);
    await using around = await neighbours(cwd);
    const starting = around.detector.start();
    await using first = new Program(["run", "--interval", "0.2"], { cwd });
    await starting;
    await around.put(new Start({}, { run: "scan-7" }), event(1), event(2));
    await around.until("event 2");
    let running: Program | undefined;
    if (how === "SIGHUP") {
      writeFileSync(join(cwd, "arroyo.yaml"), between(cwd).replaceAll("between", "anew"));
      first.signal("SIGHUP");
    } else {
      first.signal("SIGTERM");
      expect(await first.ended).toBe(0);
      running = new Program(["run"], { cwd });
    }
    await using second = running;
    await around.until("start, resumed");
    await around.put(event(3), new Stop({}, { run: "scan-7" }));
    await around.until("completed");
    expect(around.seen).toEqual([
      "start",
      "event 1",
      "event 2",
      "interrupted",
      "start, resumed",
      "event 3",
      "completed",
    ]);
    const last = second ?? first;
    last.signal("SIGTERM");
    expect(await last.ended).toBe(0);
    expect(first.records.find(({ kind }) => kind === "run-ended")).toMatchObject({
      message: expect.stringContaining("(interrupted)"),
      run: "scan-7",
    });
    const accounts = last.records.filter(({ kind, run }) => kind === "account" && run === undefined);
    const block = how === "SIGHUP" ? "anew" : "between";
    expect(accounts.at(-1)).toMatchObject({ block, account: { events: 1, lost: 0, left: 0 } });
    expect(first.err.text).toBe("");
  });

  test("SIGHUP with a wrong configuration - the old one stays, and the place is said", async () => {
    const cwd = project(between);
    const io = testIo({ cwd });
    const running = main(["run"], io);
    await io.out.seen(/"message":"starting"/);
    writeFileSync(join(cwd, "arroyo.yaml"), between(cwd).replace("listeners", "listener"));
    io.hangUp();
    const [line] = await io.out.seen(/.*the old configuration stays.*/);
    expect(JSON.parse(line)).toMatchObject({ level: "error", kind: "reload" });
    expect(line).toContain('did you mean \\"listeners\\"?');
    writeFileSync(join(cwd, "arroyo.yaml"), between(cwd).replace("between", "anew"));
    io.hangUp();
    await io.out.seen(/"block":"anew".*"message":"starting"|"message":"starting".*"block":"anew"/);
    io.stop();
    expect(await running).toBe(0);
  });
});

const HANGS = `
export const hangs = () => (message) => new Promise(() => undefined);
`;

test("the second signal - leaves at once, with 130", { timeout: 60_000 }, async () => {
  const cwd = project((at) => `${between(at)}    operator: ./hangs.js#hangs\n`, { "hangs.js": HANGS });
  await using around = await neighbours(cwd);
  const starting = around.detector.start();
  await using program = new Program(["run", "--interval", "0.2"], { cwd });
  await starting;
  await around.put(new Start({}, { run: "scan-7" }));
  await program.out.seen(/"kind":"run-opened"/);
  program.signal("SIGTERM");
  await program.out.seen(/SIGTERM: stopping: 1 messages are still here; once more to leave at once/);
  let isOver = false;
  const ended = program.ended.finally(() => {
    isOver = true;
  });
  // One that comes right behind the first is the same one.
  while (!isOver) {
    program.signal("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await ended).toBe(130);
});

const LOAD = `
import { appendFileSync, writeFileSync } from "node:fs";
import { Event, Listener, Publisher, Start } from "arroyojs";

/** Puts numbers as fast as they are taken; notes what became of each. */
export class Load extends Listener {
  replay = "log";
  async start(inlet, signal) {
    inlet.ready();
    const fates = [];
    const settlement = (name) => {
      const at = fates.push([name, "open"]) - 1;
      return { ack: () => void (fates[at][1] = "acked"), nack: () => void (fates[at][1] = "nacked") };
    };
    process.once("exit", () => writeFileSync("fates.json", JSON.stringify(fates)));
    await inlet.put(new Start({}, { run: "load" }), settlement("start"));
    const payload = new Uint8Array(1000);
    for (let n = 0; !signal.aborted; n += 1) await inlet.put(new Event({ n }, payload, { run: "load" }), settlement(n));
  }
}

/** Works for a moment, so that something is always under way. */
export const slow = () => async (message) => {
  if (message.type === "event" && message.metadata.n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  return message;
};

/** Writes down what it is given; what stands in the journal is done. */
export class Journal extends Publisher {
  confirms = true;
  publishBatch(messages) {
    appendFileSync("journal.txt", messages.map((m) => (m.type === "event" ? m.metadata.n : m.type) + "\\n").join(""));
  }
  publish(message) {
    this.publishBatch([message]);
  }
}
`;

const UNDER_LOAD = `blocks:
  - name: load
    guarantee: at-least-once
    listeners: [./load.js#Load]
    publishers: [{ use: memory, options: { channel: numbers, mode: log } }]
  - name: work
    guarantee: at-least-once
    listeners: [{ use: memory, options: { channel: numbers } }]
    operator: ./load.js#slow
    publishers: [./load.js#Journal]
`;

const TIMES = process.env["ARROYO_LONG"] === "1" ? 50 : 1;
const BOUND_MS = 25_000;

test(`SIGTERM under load, ${TIMES} in a row - nothing is lost, and the account says so`, async () => {
  const cwd = project(() => UNDER_LOAD, { "load.js": LOAD });
  for (let time = 0; time < TIMES; time += 1) {
    rmSync(join(cwd, "journal.txt"), { force: true });
    await using program = new Program(["run", "--interval", "0.2"], { cwd });
    // Each time at another moment of the work.
    await program.out.seen(new RegExp(`"finished":${"\\d".repeat(3 + (time % 3))}`));
    const beganMs = performance.now();
    program.signal("SIGTERM");
    expect(await program.ended, `time ${time}`).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(BOUND_MS);

    const fates = JSON.parse(readFileSync(join(cwd, "fates.json"), "utf8")) as [number | "start", string][];
    const journal = readFileSync(join(cwd, "journal.txt"), "utf8").trimEnd().split("\n");
    const acked = fates.filter(([, fate]) => fate === "acked").map(([name]) => String(name));
    expect(fates.filter(([, fate]) => fate !== "acked")).toEqual([]);
    // In order, each once, and the Stop that the drain made.
    expect(journal).toEqual([...acked, "stop"]);
    const accounts = program.records.filter(({ kind, run }) => kind === "account" && run === undefined);
    const events = fates.length - 1;
    for (const [index, name] of ["load", "work"].entries()) {
      expect(accounts[index]).toMatchObject({
        block: name,
        account: { events, left: 0, lost: 0, dropped: 0, failed: 0 },
      });
    }
  }
});
