// `npm run bench`: measures us beside what we are compared with, and writes docs/performance.md.
// `npm run bench -- ROW... [--quick] [--rounds N] [--no-build]`: some rows; small, to see that everything works;
// without building first. A quick run writes nothing.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeSection } from "./document.ts";
import { load, machine } from "./machine.ts";
import type { Row, Size } from "./row.ts";
import { rows } from "./rows.ts";
import { missed, section } from "./table.ts";

const ROUNDS = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean" }, rounds: { type: "string" }, "no-build": { type: "boolean" } },
});
const quick = values.quick ?? false;
const size: Size = {
  quick,
  rounds: Number(values.rounds ?? (quick ? 1 : ROUNDS)),
  say: (text) => process.stdout.write(`${text}\n`),
};
const chosen = positionals.length === 0 ? rows : positionals.map(rowNamed);
if (!quick && !(size.rounds >= 3)) throw new Error("bench: --rounds: expected at least 3, or --quick");
if (values["no-build"] !== true) build();

const where = machine();
const failures: string[] = [];
for (const row of chosen) {
  size.say(`\n== ${row.name}`);
  const before = load();
  try {
    const findings = await row.measure(size);
    failures.push(...missed(findings));
    const text = `${section(findings)}\n\n${where}; ${before} before this row; ${size.rounds} rounds.`;
    size.say(`\n${text}`);
    if (!quick) writeSection(row.name, text);
  } catch (error) {
    // What the other rows found is not lost by one that does not work.
    failures.push(`${row.name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
size.say(failures.length === 0 ? "\nevery target was reached" : `\nmissed, or wrong:\n  ${failures.join("\n  ")}`);

function rowNamed(name: string): Row {
  const row = rows.find((one) => one.name === name);
  if (row === undefined)
    throw new Error(`bench: no row "${name}"; there are ${rows.map((one) => one.name).join(", ")}`);
  return row;
}

function build(): void {
  const script = fileURLToPath(new URL("../scripts/build.mjs", import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: "inherit" });
  if (status !== 0) throw new Error("bench: the package does not build; see above");
}
