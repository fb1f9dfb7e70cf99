// `npm test`: everything that must hold before a change goes in, the quick things first, until one fails.
// `node scripts/test.mjs lint rooms` runs the named steps only.
import { main, runCommand } from "./run-command.mjs";
import { runVitest } from "./vitest-run.mjs";

/** A step of commands, one after the other until one fails; it has no tests to count. */
const commands =
  (...lines) =>
  async () => {
    let code = 0;
    for (const line of lines) if (code === 0) code = await runCommand(line.split(" "));
    return { code, passed: 0, failed: 0, skipped: 0 };
  };

const steps = {
  lint: { title: "format and lint", run: commands("biome check --error-on-warnings .") },
  rooms: { title: "who imports whom", run: commands("node scripts/check-rooms.mjs") },
  types: { title: "types", run: commands("tsc --noEmit -p tsconfig.build.json", "tsc --noEmit -p tsconfig.json") },
  build: { title: "build", run: commands("node scripts/build.mjs") },
  exports: { title: "exports map and folders", run: commands("node scripts/check-exports.mjs") },
  brokers: { title: "brokers", run: commands("node --import tsx scripts/prepare-brokers.ts") },
  tests: { title: "tests", run: () => runVitest(["--exclude", "test/package/**"]) },
  package: { title: "the packed package", run: () => runVitest(["test/package"]) },
};

const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

await main(async () => {
  const asked = process.argv.slice(2);
  const unknown = asked.find((name) => !Object.hasOwn(steps, name));
  if (unknown !== undefined) throw new Error(`test: no step "${unknown}"; there are ${Object.keys(steps).join(", ")}`);
  const names = asked.length > 0 ? asked : Object.keys(steps);

  const startMs = performance.now();
  const total = { passed: 0, failed: 0, skipped: 0, tested: false };
  let failedStep;
  for (const [index, name] of names.entries()) {
    const { title, run } = steps[name];
    process.stdout.write(`\n== ${index + 1}/${names.length} ${title}\n`);
    const stepMs = performance.now();
    const { code, passed, failed, skipped } = await run();
    total.passed += passed;
    total.skipped += skipped;
    total.failed += code !== 0 && failed === 0 ? 1 : failed;
    total.tested ||= name === "tests" || name === "package";
    process.stdout.write(`-- ${title}: ${code === 0 ? "ok" : "FAILED"}, ${seconds(stepMs)}\n`);
    if (code !== 0) {
      failedStep = name;
      break;
    }
  }

  if (total.skipped > 0) process.stdout.write(`\n${total.skipped} skipped\n`);
  process.stdout.write(
    failedStep === undefined
      ? `\nall ${names.length} steps are good, ${seconds(startMs)}\n`
      : `\nstopped at "${steps[failedStep].title}"; again with: node scripts/test.mjs ${failedStep}\n`,
  );
  if (total.tested || total.failed > 0) process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  return failedStep === undefined ? 0 : 1;
});
