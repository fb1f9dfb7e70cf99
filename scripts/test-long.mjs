// `npm run test:long`: the same tests with their long matrices (ARROYO_LONG=1), under a new seed each time.
// A whole run leaves its result in docs/reliability.md; a run with arguments (`-- test/block`) does not.
import { randomInt } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { faultTable } from "./fault-table.mjs";
import { writeReliability } from "./reliability-page.mjs";
import { main, root, runCommand } from "./run-command.mjs";
import { runVitest } from "./vitest-run.mjs";

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
  const folder = mkdtempSync(join(tmpdir(), "arroyojs-faults-"));
  const faults = join(folder, "results.jsonl");
  const env = { ARROYO_LONG: "1", ARROYO_SEED: seed, ARROYO_FAULTS_FILE: faults };
  const result = await runVitest([...filters, "--exclude", "test/package/**"], env);
  const durationS = Math.round((performance.now() - startMs) / 1000);
  const { code, passed, failed, skipped, files } = result;

  if (filters.length === 0) {
    const long = files.filter(({ path }) => isLong(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
    writeReliability("faults", faultTable(faults), "test:long");
    writeReliability("test:long", [
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
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`seed ${seed}, ${durationS} s\n${passed} passed, ${failed} failed\n`);
  return code;
});
