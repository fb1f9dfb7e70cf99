import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./run-command.mjs";

const page = join(root, "docs", "reliability.md");

/** Writes lines into docs/reliability.md, between the markers of whoever writes them; `by` is the script where it has another name. */
export function writeReliability(name, lines, by = name) {
  const begin = `<!-- ${name} begin: written by \`npm run ${by}\` -->`;
  const end = `<!-- ${name} end -->`;
  const block = [begin, ...lines, end].join("\n");
  const text = existsSync(page) ? readFileSync(page, "utf8") : "# Reliability\n";
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  const found = from >= 0 && to > from;
  const next = found ? text.slice(0, from) + block + text.slice(to + end.length) : `${text.trimEnd()}\n\n${block}\n`;
  writeFileSync(page, next);
  process.stdout.write(`written to ${relative(root, page)}\n`);
}
