import { describe, expect, test } from "vitest";
import { DOCS, FENCES, hasHeading, linksOf, nameOf, QUOTING } from "./documents.ts";
import { fileText, leadsSomewhere } from "./programs.ts";

describe("docs", () => {
  test("quotes - every block that names a file stands in it, word for word", () => {
    const wrong = FENCES.filter(({ language, path }) => language === "ts" && path !== undefined).filter(
      ({ path, text }) => !`\n${fileText(path as string)}\n`.includes(`\n${text}\n`),
    );
    expect(wrong.map(nameOf)).toEqual([]);
  });

  test("quotes - no TypeScript is made up", () => {
    const madeUp = FENCES.filter(
      ({ file, language, path }) => QUOTING.includes(file) && language === "ts" && path === undefined,
    );
    expect(madeUp.map(nameOf)).toEqual([]);
  });

  test("links - lead somewhere", () => {
    const wrong = DOCS.flatMap((file) =>
      linksOf(file)
        .filter(({ path, heading }) => !leadsSomewhere(file, path) || !hasHeading(file, path, heading))
        .map(({ path, heading }) => `${file}: ${path}#${heading}`),
    );
    expect(wrong).toEqual([]);
  });

  test("commands - scripts and examples that are named exist", () => {
    const { scripts } = JSON.parse(fileText("package.json")) as { scripts: Record<string, string> };
    const wrong = DOCS.flatMap((file) => {
      const text = fileText(file);
      const runs = [...text.matchAll(/npm run ([a-z:-]+)/g)].map(([, name]) => name as string);
      const programs = [...text.matchAll(/npx tsx (examples\/[a-z/-]+\.ts)/g)].map(([, path]) => path as string);
      return [
        ...runs.filter((name) => !Object.hasOwn(scripts, name)).map((name) => `${file}: npm run ${name}`),
        ...programs.filter((path) => !leadsSomewhere("README.md", path)).map((path) => `${file}: ${path}`),
      ];
    });
    expect(wrong).toEqual([]);
  });
});
