import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PATH = fileURLToPath(new URL("../docs/performance.md", import.meta.url));

/** Puts a section in its place, between its markers, in docs/performance.md; the text around stays. */
export function writeSection(name: string, text: string): void {
  const page = readFileSync(PATH, "utf8");
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) {
    throw new Error(`docs/performance.md: has no place for "${name}"; put ${begin} and ${end} where it belongs`);
  }
  writeFileSync(PATH, `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`);
}
