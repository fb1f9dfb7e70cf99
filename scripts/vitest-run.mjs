import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "./run-command.mjs";

/** Runs vitest, shows its own report, and resolves to its exit code, its counts and its files. */
export async function runVitest(args, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), "arroyojs-tests-"));
  const output = join(folder, "report.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${output}`];
    const code = await runCommand(["vitest", "run", ...args, ...reporters], { env });
    return { code, ...counted(output, code) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function counted(output, code) {
  let report;
  try {
    report = JSON.parse(readFileSync(output, "utf8"));
  } catch {
    return { passed: 0, failed: 1, skipped: 0, files: [] };
  }
  // A file that fails before its first test (an import, a beforeAll) has no failed test; it counts as one.
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = report.numFailedTests + broken;
  const files = report.testResults.map((file) => ({
    path: file.name,
    passed: file.assertionResults.filter((test) => test.status === "passed").length,
    failed: file.assertionResults.filter((test) => test.status === "failed").length,
  }));
  // An error outside of all tests fails the run as well.
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    files,
  };
}
