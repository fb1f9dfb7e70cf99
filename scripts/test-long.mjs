// `npm run test:long`: the same tests with their long matrices (ARROYO_LONG=1), under a new seed each time.
// A whole run leaves its result in docs/reliability.md; a run with arguments (`-- test/block`) does not.
import { randomInt } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, relative } from "node:path";
import { main, root, runCommand } from "./run-command.mjs";
import { runVitest } from "./vitest-run.mjs";

const page = join(root, "docs", "reliability.md");
const begin = "<!-- test:long begin: written by `npm run test:long` -->";
const end = "<!-- test:long end -->";

function record(lines) {
  const block = [begin, ...lines, end].join("\n");
  const text = existsSync(page) ? readFileSync(page, "utf8") : "# Reliability\n";
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  const found = from >= 0 && to > from;
  const next = found ? text.slice(0, from) + block + text.slice(to + end.length) : `${text.trimEnd()}\n\n${block}\n`;
  writeFileSync(page, next);
  process.stdout.write(`written to ${relative(root, page)}\n`);
}

/** Says whether a test file has a long form: it is named after it, or asks for it. */
function isLong(path) {
  return path.endsWith(".long.test.ts") || readFileSync(path, "utf8").includes("ARROYO_LONG");
}

await main(async () => {
  const seed = process.env.ARROYO_SEED ?? String(randomInt(1, 2 ** 31));
  const filters = process.argv.slice(2);
  process.stdout.write(`long tests: seed ${seed} (again with ARROYO_SEED=${seed})\n`);
  // Some tests start what a user starts: the built package.
  const built = await runCommand(["node", "scripts/build.mjs"]);
  if (built !== 0) return built;

  const date = new Date().toISOString().slice(0, 10);
  const startMs = performance.now();
  const env = { ARROYO_LONG: "1", ARROYO_SEED: seed };
  const result = await runVitest([...filters, "--exclude", "test/package/**"], env);
  const durationS = Math.round((performance.now() - startMs) / 1000);
  const { code, passed, failed, skipped, files } = result;

  if (filters.length === 0) {
    const long = files.filter(({ path }) => isLong(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
    record([
      "",
      `Last long run: ${date}, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} CPUs, seed ${seed}:`,
      `**${passed} passed, ${failed} failed**, ${skipped} skipped, in ${durationS} s.`,
      "",
      "| long matrix | passed | failed |",
      "| --- | ---: | ---: |",
      ...long.map((file) => `| \`${relative(root, file.path)}\` | ${file.passed} | ${file.failed} |`),
      "",
    ]);
  }
  process.stdout.write(`seed ${seed}, ${durationS} s\n${passed} passed, ${failed} failed\n`);
  return code;
});
