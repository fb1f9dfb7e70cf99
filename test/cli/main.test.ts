import { describe, expect, test } from "vitest";
import type { Command } from "../../src/cli/command.ts";
import { COMMANDS, type CommandEntry } from "../../src/cli/command-table.ts";
import { main } from "../../src/cli/main.ts";
import { PromiseError, UsageError } from "../../src/errors.ts";
import { testIo } from "./test-io.ts";

function entry(run: Command["run"], more: Partial<Command> = {}): CommandEntry {
  const command: Command = {
    usage: "URL [options]",
    examples: [{ line: "arroyo walk here", does: "walk" }],
    options: {
      pace: { type: "string", value: "NAME", choices: ["slow", "fast"], description: "how fast" },
      "log-level": { type: "string", description: "how much" },
      times: { type: "string", value: "N", description: "how often" },
      back: { type: "boolean", short: "b", description: "and back" },
    },
    positionals: { min: 1, max: 1 },
    run,
    ...more,
  };
  return { name: "walk", aliases: ["go"], summary: "walk along a stream", load: async () => ({ command }) };
}

const done = entry(async () => 0);

describe("main", () => {
  test("help - lists the commands and loads none", async () => {
    const io = testIo();
    const table = COMMANDS.map((one) => ({ ...one, load: () => expect.unreachable(`${one.name} was loaded`) }));
    expect(await main(["--help"], io, table)).toBe(0);
    for (const { name } of COMMANDS) expect(io.out.text).toContain(`${name} `);
    for (const { summary } of COMMANDS) expect(io.out.text).toContain(summary);
    expect(io.out.text).toContain("examples:");
    expect(io.err.text).toBe("");
  });

  test("nothing - prints the help to standard error and fails", async () => {
    const io = testIo();
    expect(await main([], io)).toBe(2);
    expect(io.out.text).toBe("");
    expect(io.err.text).toContain("usage: arroyo COMMAND");
  });

  test("version - is that of the package", async () => {
    const io = testIo();
    expect(await main(["--version"], io)).toBe(0);
    expect(io.out.text).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each(COMMANDS.map(({ name }) => name))("help of %s - says usage, options and examples", async (name) => {
    for (const words of [
      ["help", name],
      [name, "--help"],
      [name, "-h"],
    ]) {
      const io = testIo();
      expect(await main(words, io)).toBe(0);
      expect(io.out.text).toContain(`usage: arroyo ${name}`);
      expect(io.out.text).toContain("--quiet");
      expect(io.out.text).toMatch(/examples:\n {2}(eval |seq )?.*arroyo/);
      for (const line of io.out.lines) expect(line.length).toBeLessThanOrEqual(120);
    }
  });

  test.each([
    [["wlak"], 'arroyo: there is no command "wlak"; did you mean "walk"?'],
    [["xyzzy"], 'arroyo: there is no command "xyzzy"; see arroyo --help'],
    [["--pace"], 'arroyo: there is no option "--pace" before a command; see arroyo --help'],
    [["walk"], "arroyo: walk: URL is missing; usage: arroyo walk URL [options]"],
    [["walk", "a", "b"], 'arroyo: walk: "b" is one argument too many; usage: arroyo walk URL [options]'],
    [["walk", "a", "--pase", "slow"], 'arroyo: walk: there is no option "--pase"; did you mean "--pace"?'],
    [["walk", "a", "--loglevel=1"], 'arroyo: walk: there is no option "--loglevel"; did you mean "--log-level"?'],
    [["walk", "a", "-x"], 'arroyo: walk: there is no option "-x"; see arroyo walk --help'],
    [["walk", "a", "--pace"], "arroyo: walk: --pace needs a value; write --pace NAME"],
    [
      ["walk", "a", "--pace", "--back"],
      'arroyo: walk: --pace needs a value and "--back" is an option; write --pace NAME',
    ],
    [["walk", "a", "--pace", "fats"], 'arroyo: walk: --pace: there is no "fats"; did you mean "fast"?'],
    [["walk", "a", "--back=1"], 'arroyo: walk: --back takes no value; leave out "=1"'],
  ])("wrong use - %j says what to do", async (words, line) => {
    const io = testIo();
    expect(await main(words, io, [done])).toBe(2);
    expect(io.err.text).toBe(`${line}\n`);
    expect(io.out.text).toBe("");
  });

  test("arguments - reach the command, by its alias too", async () => {
    const io = testIo();
    const table = [
      entry(async (args) => {
        expect([args.positionals, args.text("pace"), args.flag("back"), args.number("times")]).toEqual([
          ["here"],
          "slow",
          true,
          -2,
        ]);
        return 7;
      }),
    ];
    expect(await main(["go", "here", "--pace=slow", "-b", "--times", "-2"], io, table)).toBe(7);
    expect(io.err.text).toBe("");
  });

  test("a number - that is none, or out of bounds, is refused", async () => {
    const table = [entry(async (args) => args.number("times", { min: 1, max: 5, integer: true }) ?? 0)];
    for (const given of ["x", "0", "6", "1.5", ""]) {
      const io = testIo();
      expect(await main(["walk", "a", `--times=${given}`], io, table)).toBe(2);
      expect(io.err.text).toBe(`arroyo: --times: expected a whole number from 1 to 5, got "${given}"\n`);
    }
    expect(await main(["walk", "a", "--times=5"], testIo(), table)).toBe(5);
  });

  test.each([
    [new Error("disk: is full; make room"), 1],
    [new UsageError("walk: cannot be; stay"), 2],
    [new PromiseError("walk: cannot be kept; stay"), 2],
  ])("an error - is one line without a stack: %s", async (error, code) => {
    const io = testIo();
    const table = [
      entry(async () => {
        throw error;
      }),
    ];
    expect(await main(["walk", "a"], io, table)).toBe(code);
    expect(io.err.text).toBe(`arroyo: ${error.message}\n`);
    for (const words of [
      ["--debug", "walk", "a"],
      ["walk", "a", "--debug"],
    ]) {
      const loud = testIo();
      await main(words, loud, table);
      expect(loud.err.text).toContain("at ");
    }
  });

  test("a signal - leaves a command that does not look at it, with 130", async () => {
    const io = testIo();
    const ended = main(["walk", "a"], io, [entry(() => new Promise(() => undefined))]);
    io.stop();
    expect(await ended).toBe(130);
  });

  test("a signal - is left to a command that stops itself; the second one is not", async () => {
    const io = testIo();
    const table = [
      entry(
        (_, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () => resolve(3));
            io.stop();
          }),
        { stopsItself: true },
      ),
    ];
    const ended = main(["walk", "a"], io, table);
    expect(await ended).toBe(3);
    const other = testIo();
    const deaf = main(["walk", "a"], other, [entry(() => new Promise(() => undefined), { stopsItself: true })]);
    other.stop();
    other.force();
    expect(await deaf).toBe(130);
  });

  test("closed output - ends a command quietly, unless it goes on without", async () => {
    const io = testIo();
    const ended = main(["walk", "a"], io, [entry(() => new Promise(() => undefined))]);
    io.closeOutput();
    expect(await ended).toBe(0);
    expect(io.err.text).toBe("");
    const other = testIo();
    let end: (code: number) => void = () => undefined;
    const work = new Promise<number>((resolve) => {
      end = resolve;
    });
    const going = main(["walk", "a"], other, [entry(() => work, { outlivesOutput: true })]);
    other.closeOutput();
    end(5);
    expect(await going).toBe(5);
  });
});
