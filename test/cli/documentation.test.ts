import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { main } from "../../src/cli/main.ts";
import { BEGINNINGS } from "../../src/cli/starting/beginnings.ts";
import { testIo } from "./test-io.ts";

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8");

test("docs/command.md - names every command, and every beginning of init", () => {
  const text = page("command");
  for (const { name } of COMMANDS) expect(text).toContain(`\`${name}\``);
  for (const { name } of BEGINNINGS) expect(text).toContain(`\`${name}\``);
});

test.each(COMMANDS.map(({ name }) => name))(
  "arroyo %s - what the docs and its help call it with, it takes",
  async (name) => {
    const entry = COMMANDS.find((one) => one.name === name);
    const { command } = await (entry as (typeof COMMANDS)[number]).load();
    const known = new Set([...Object.keys(command.options), "help", "quiet", "debug"]);
    const lines = [...["command", "tutorial", "metrics", "configuration"].flatMap((one) => page(one).split("\n"))]
      .concat(command.examples.map(({ line }) => line))
      .filter((line) => new RegExp(`\\barroyo(js)? ${name}\\b`).test(line));
    const words = lines.flatMap((line) => {
      const own = line.slice(line.search(new RegExp(`\\barroyo(js)? ${name}\\b`))).split(/[|#`&]/)[0] as string;
      return [...own.matchAll(/ --([a-z-]+)/g)].map(([, option]) => option as string);
    });
    expect(words.filter((word) => !known.has(word))).toEqual([]);
    const io = testIo();
    expect(await main(["help", name], io)).toBe(0);
    for (const line of io.out.lines) expect(line.length).toBeLessThanOrEqual(120);
  },
);
