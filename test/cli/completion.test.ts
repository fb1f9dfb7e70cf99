import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { main } from "../../src/cli/main.ts";
import { testIo } from "./test-io.ts";

async function script(shell: string): Promise<string> {
  const io = testIo();
  expect(await main(["completion", shell], io)).toBe(0);
  return io.out.text;
}

/** Asks bash what it would offer for the last of some words. */
function offered(bash: string, ...words: readonly string[]): string[] {
  const list = words.map((word) => `'${word}'`).join(" ");
  const ask = `${bash}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _arroyo; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync("bash", ["--norc", "-c", ask], { encoding: "utf8" });
  return text.split("\n").filter((word) => word !== "");
}

describe("completion", () => {
  test("bash - offers commands, options and values", async () => {
    const bash = await script("bash");
    expect(offered(bash, "arroyo", "")).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)));
    expect(offered(bash, "arroyo", "lo")).toEqual(["look"]);
    expect(offered(bash, "arroyo", "look", "--p")).toEqual(["--pull"]);
    expect(offered(bash, "arroyo", "run", "--log-level", "w")).toEqual(["warn"]);
    expect(offered(bash, "arroyo", "run", "conf")).toEqual([]);
  });

  test.each(["zsh", "fish"])("%s - knows every command and option", async (shell) => {
    const text = await script(shell);
    for (const { name, load } of COMMANDS) {
      expect(text).toContain(name);
      for (const option of Object.keys((await load()).command.options)) expect(text).toContain(option);
    }
  });

  test("the shell - is that of SHELL, and an unknown one is refused", async () => {
    const io = testIo({ env: { SHELL: "/usr/bin/fish" } });
    expect(await main(["completion"], io)).toBe(0);
    expect(io.out.text).toContain("complete -c arroyo");
    const other = testIo();
    expect(await main(["completion", "tcsh"], other)).toBe(2);
    expect(other.err.text).toBe('arroyo: completion: there is no script for "tcsh"; there are: bash, zsh, fish\n');
  });
});
