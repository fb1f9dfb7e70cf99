import { existsSync, readFileSync } from "node:fs";

/** Makes a table of the outcomes that test/faults left in a file: a line for each case, a column for each reader. */
export function faultTable(path) {
  if (!existsSync(path)) return ["", "No case was run.", ""];
  const results = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const readers = [...new Set(results.map(({ reader }) => reader))].sort();
  const rows = [...new Map(results.sort((a, b) => a.order - b.order).map((one) => [one.order, one.case]))];
  const cell = (order, reader) => {
    const some = results.filter((one) => one.order === order && one.reader === reader);
    if (some.length === 0) return "not possible";
    if (some.some(({ failed }) => failed)) return "**failed**";
    const missing = some.reduce((sum, one) => sum + one.missing, 0);
    const twice = some.map(({ duplicates }) => duplicates);
    const [least, most] = [Math.min(...twice), Math.max(...twice)];
    return `${missing} / ${least === most ? most : `${least} to ${most}`}`;
  };
  return [
    "",
    `| missing / twice | ${readers.join(" | ")} |`,
    `| --- |${" ---: |".repeat(readers.length)}`,
    ...rows.map(([order, name]) => `| ${[name, ...readers.map((reader) => cell(order, reader))].join(" | ")} |`),
    "",
  ];
}
