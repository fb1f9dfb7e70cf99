import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, describe as group, it } from "vitest";
import { build } from "../../src/config/build.ts";
import { describe } from "../../src/config/describe.ts";
import { ConfigurationError } from "../../src/errors.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const golden = join(here, "bad-configurations.txt");
const CANARY = "CANARY-env-8b1d";

interface Case {
  readonly title: string;
  readonly yaml: string;
  readonly expected: string;
}

/** Each case is a title, a configuration and, behind ">>>", what is said of it. ARROYO_GOLDEN=write writes them anew. */
function cases(): Case[] {
  const [, ...parts] = readFileSync(golden, "utf8").split(/^=== /m);
  return parts.map((part) => {
    const title = part.slice(0, part.indexOf("\n"));
    const rest = part.slice(title.length + 1);
    const at = rest.indexOf(">>>\n");
    return { title, yaml: rest.slice(0, at), expected: rest.slice(at + 4) };
  });
}

/** Gives what a user reads of a configuration that stands in the project's folder. */
async function said(yaml: string, index: number): Promise<string> {
  const folder = join(here, "project");
  const file = join(folder, `.case-${index}.yaml`);
  writeFileSync(file, yaml);
  try {
    await build(await describe(file, { cwd: folder, env: { CANARY } }));
    return "nothing is wrong\n";
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return `${error.message.replaceAll(`.case-${index}.yaml`, "arroyo.yaml")}\n`;
  } finally {
    rmSync(file);
  }
}

group("bad configurations", () => {
  const all = cases();
  const anew: string[] = [];
  const isRewritten = process.env["ARROYO_GOLDEN"] === "write";

  it.each(all.map((one, index) => ({ ...one, index })))(
    "message - $title",
    async ({ title, yaml, expected, index }) => {
      const message = await said(yaml, index);
      anew.push(`=== ${title}\n${yaml}>>>\n${message}`);
      if (!isRewritten) expect(message).toBe(expected);
      expect(message).not.toMatch(/CANARY-/);
    },
  );

  it("corpus - has at least forty cases, each with a place, a remedy and an excerpt", () => {
    expect(all.length).toBeGreaterThanOrEqual(40);
    for (const { title, expected } of all) {
      expect(expected, title).toMatch(/^arroyo\.yaml:\d+:\d+: [\s\S]*?(?:[;?]|expected )/);
      expect(expected, title).toMatch(/^ {2}\d+ \| .*\n +\| +\^+/m);
    }
  });

  afterAll(() => {
    if (isRewritten) writeFileSync(golden, anew.join(""));
  });
});
