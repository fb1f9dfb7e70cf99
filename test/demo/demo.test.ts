import { expect, test } from "vitest";
import { until } from "../../src/testing/conformance/until.ts";
import { Child, PATIENCE_MS } from "../process/child.ts";
import { descendants, isAlive } from "./family.ts";

const program = new URL("../../examples/demo/main.ts", import.meta.url);
const MANY = 60_000;

/** The demo, and every process that it was seen to start. */
class Demo extends Child {
  readonly pids = new Set<number>();

  constructor(...args: readonly string[]) {
    super(program, { args });
  }

  /** Resolves when the sink has so many frames. */
  async frames(least: number): Promise<void> {
    await this.until(() => this.#shown() >= least, `${least} frames at the sink`);
    for (const pid of descendants(this.pid)) this.pids.add(pid);
  }

  /** The three numbers of the last line. */
  get last(): { readonly sent: number; readonly received: number; readonly lost: number } {
    const line = this.written.stdout.trimEnd().split("\n").at(-1) ?? "";
    const [, sent, received, lost] = /^sent (\d+), received (\d+), lost (\d+)$/.exec(line) ?? [];
    if (lost === undefined) throw new Error(`the last line is ${JSON.stringify(line)}`);
    return { sent: Number(sent), received: Number(received), lost: Number(lost) };
  }

  /** Checks that it ended well: the accounts of three processes that add up, and none of them left. */
  async expectEnd(code: number): Promise<void> {
    expect(await this.end(MANY)).toEqual({ code, signal: null });
    for (const name of ["detector", "reduce", "sink"]) {
      expect(this.written.stdout).toMatch(new RegExp(`^${name} +received +finished`, "m"));
    }
    const { sent, received, lost } = this.last;
    expect(received + lost).toBe(sent);
    expect(this.pids.size).toBeGreaterThanOrEqual(3);
    await until(() => ![...this.pids].some(isAlive), `the end of ${[...this.pids].join(", ")}`, PATIENCE_MS);
  }

  #shown(): number {
    const shown = [...this.written.stdout.matchAll(/\bsink (\d+) /g)].at(-1)?.[1];
    return Number(shown ?? 0);
  }
}

test("demo - every frame comes through three processes, and the accounts are shown", async () => {
  await using demo = new Demo("--frames", "60", "--hz", "60");
  await demo.until(() => demo.written.stdout.includes("sink"), "its first line");
  for (const pid of descendants(demo.pid)) demo.pids.add(pid);
  await demo.expectEnd(0);
  expect(demo.last).toEqual({ sent: 60, received: 60, lost: 0 });
});

test("demo - with --kill, what the killed process had is missed at the end, and named", async () => {
  await using demo = new Demo("--frames", "500", "--hz", "50", "--kill");
  await demo.frames(30);
  await demo.until(() => demo.written.stdout.includes("is started again"), "that the middle is started again");
  for (const pid of descendants(demo.pid)) demo.pids.add(pid);
  await demo.expectEnd(0);
  const { sent, lost } = demo.last;
  expect(sent).toBe(500);
  expect(lost).toBeGreaterThan(0);
  expect(demo.written.stdout).toMatch(new RegExp(`^${lost} of detector lost, missing: \\d+-\\d+`, "m"));
});

for (const args of [["--keep"], ["--frames", "100000"]]) {
  test(`demo - Ctrl-C ends all processes in good order (${args.join(" ")})`, async () => {
    await using demo = new Demo(...args);
    await demo.frames(10);
    demo.signal("SIGINT");
    await demo.expectEnd(0);
    expect(demo.last.lost).toBe(0);
  });
}
