import { type Findings, isReached, type Line, type Target } from "./row.ts";
import { digits, Spread } from "./spread.ts";

/** Writes the findings of a row as a section of a Markdown page. */
export function section(findings: Findings): string {
  const rows = findings.lines.map(cells);
  const head = ["", "min", "median", "max", "target", ""];
  const lines = [head, head.map((_, column) => (column === 0 || column > 3 ? "---" : "--:")), ...rows];
  const table = lines.map((line) => `| ${line.join(" | ")} |`);
  return [`### ${findings.title}`, "", findings.method, "", ...table].join("\n");
}

/** Names the targets that were missed. */
export function missed(findings: Findings): string[] {
  return findings.lines
    .filter(({ target, values }) => target !== undefined && !isReached(target, new Spread(values).median))
    .map(({ what }) => `${findings.title}: ${what}`);
}

function cells({ what, values, target }: Line): string[] {
  const spread = new Spread(values);
  const figures = [spread.min, spread.median, spread.max].map(digits);
  if (target === undefined) return [what, ...figures, "", ""];
  const verdict = isReached(target, spread.median) ? "reached" : "**missed**";
  return [what, ...figures, wanted(target), verdict];
}

function wanted({ least, most, text }: Target): string {
  if (text !== undefined) return text;
  return least === undefined ? `<= ${most}` : `>= ${least}`;
}
