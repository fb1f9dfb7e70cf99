import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, describe as group, it } from "vitest";
import { BLOCK } from "../../src/config/block-shape.ts";
import { ROLES } from "../../src/config/component-shape.ts";
import { describe } from "../../src/config/describe.ts";
import { CODEC_NAMES } from "../../src/config/registry.ts";

const page = readFileSync(fileURLToPath(new URL("../../docs/configuration.md", import.meta.url)), "utf8");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "arroyo-docs-")));
const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = ""], index) => ({ yaml, index }));
const wrong = [...page.matchAll(/^```yaml wrong\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)\n^```$/gm)];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Puts an example into a folder, with the files that it names. */
async function described(yaml: string) {
  for (const [, name = ""] of yaml.matchAll(/\.\/([\w-]+\.ts)#/g)) writeFileSync(join(folder, name), "");
  writeFileSync(join(folder, "arroyo.yaml"), yaml.replace("keys/", "").replace("/run/secrets/", ""));
  writeFileSync(join(folder, "reduce.secret"), "0".repeat(40));
  writeFileSync(join(folder, "token"), "a token");
  return await describe("arroyo.yaml", {
    cwd: folder,
    env: { PUBLIC_KEY: "1".repeat(40), SERVER_KEY: "2".repeat(40) },
    secretsFolders: [folder],
  });
}

group("docs/configuration.md", () => {
  it.each(examples)("example $index - is a good configuration", async ({ yaml }) => {
    expect((await described(yaml)).blocks.length).toBeGreaterThan(0);
  });

  it("messages - are as they are told", async () => {
    expect(wrong.length).toBe(1);
    for (const [, yaml = "", message] of wrong) await expect(described(yaml)).rejects.toThrow(message);
  });

  it("names - every entry, codec and built-in stands on the page", () => {
    const builtIns = Object.values(ROLES).flatMap(({ builtIns: table }) => Object.keys(table));
    for (const name of [...Object.keys(BLOCK), ...CODEC_NAMES, ...builtIns]) expect(page).toContain(`\`${name}\``);
    const operators = Object.keys(ROLES.operator.builtIns);
    for (const name of operators) expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\| `, "m"));
  });
});
